use sadp_model::MacAddr;
use sadp_proto::SecretAnswers;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Candidate;

/// Answers to the questions of one device, by the questions' numbers.
pub type DeviceAnswers = (MacAddr, Vec<(u32, SecretString)>);

/// Makes answers for the devices that list enough questions and have none set: to the
/// first three, each a word that can be read out, of 36 random bits. A device locks long
/// before they are guessed.
pub fn make_answers(candidates: &[Candidate]) -> Result<Vec<DeviceAnswers>, getrandom::Error> {
    let mut made = Vec::new();
    for candidate in candidates {
        let Candidate {
            device, questions, ..
        } = candidate;
        let device = &device.entry.device;
        let is_set = device.recovery.set_up.questions == Some(true);
        let (Some(mac), Some(list), false) = (device.mac, questions, is_set) else {
            continue;
        };
        let listed = list.questions.iter().take(SecretAnswers::COUNT);
        let answers = listed.map(|question| Ok((question.id, word()?)));
        let answers: Vec<_> = answers.collect::<Result<_, _>>()?;
        if answers.len() == SecretAnswers::COUNT {
            made.push((mac, answers));
        }
    }
    Ok(made)
}

/// Six syllables of one of 16 consonants and one of 4 vowels each.
fn word() -> Result<SecretString, getrandom::Error> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut random = Zeroizing::new([0; 6]);
    getrandom::fill(&mut *random)?;
    let letters = random.iter().flat_map(|byte| {
        let consonant = CONSONANTS.iter().cycle().nth(usize::from(byte >> 4));
        let vowel = VOWELS.iter().cycle().nth(usize::from(byte & 3));
        [consonant, vowel]
    });
    let letters: String = letters
        .flatten()
        .map(|&letter| char::from(letter))
        .collect();
    Ok(letters.into())
}
