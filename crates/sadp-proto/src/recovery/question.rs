use crate::{CommandReply, SecretAnswers, inquiry};

/// A security question. Its text is the vendor's user interface's; on the wire
/// it has a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its number, 1 to [`SecretAnswers::MAX_ID`].
    pub id: u32,
    /// Whether it is set: its answer counts.
    pub set: bool,
}

/// The questions that a device lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionList {
    /// Each question once, in order of their numbers: the first
    /// [`QuestionList::MOST`] that the reply holds.
    pub questions: Vec<Question>,
    /// How many further ones the reply holds. They are ignored.
    pub ignored: usize,
}

impl QuestionList {
    /// The most questions that are read, as both vendor clients do.
    pub const MOST: usize = 15;

    /// Reads the reply to [`GetQuestions`](crate::Command::GetQuestions). What is
    /// no question is passed over; of one listed twice the first counts.
    pub fn read(reply: &CommandReply) -> Self {
        const LIST: &str = "QuestionList/Question/";
        let mut list = Self::default();
        let mut is_open = false;
        for (path, text) in reply.fields.iter() {
            let name = path.split_at_checked(LIST.len());
            match name.filter(|(list, _)| list.eq_ignore_ascii_case(LIST)) {
                Some((_, name)) if name.eq_ignore_ascii_case("ID") => is_open = list.add(text),
                Some((_, name)) if is_open && name.eq_ignore_ascii_case("mark") => {
                    if let Some(question) = list.questions.last_mut() {
                        question.set = inquiry::boolean(text) == Some(true);
                    }
                }
                _ => {}
            }
        }
        list.questions.sort_by_key(|question| question.id);
        list
    }

    /// Whether it holds the question of this number.
    pub fn holds(&self, id: u32) -> bool {
        self.questions.iter().any(|question| question.id == id)
    }

    /// Adds a question by its number as written, and says whether it is new and
    /// there was room for it.
    fn add(&mut self, id: &str) -> bool {
        let id = id.parse().ok();
        let known = |id: &u32| (1..=SecretAnswers::MAX_ID).contains(id) && !self.holds(*id);
        let Some(id) = id.filter(known) else {
            return false;
        };
        let has_room = self.questions.len() < Self::MOST;
        if has_room {
            self.questions.push(Question { id, set: false });
        } else {
            self.ignored = self.ignored.saturating_add(1);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn read_list(list: &str) -> QuestionList {
        let text = format!(
            "<ProbeMatch><Types>getsecurityquestion</Types><QuestionList>{list}</QuestionList></ProbeMatch>"
        );
        let Ok(Message::CommandReply(reply)) = Message::decode(text.as_bytes()) else {
            panic!("not a command reply");
        };
        QuestionList::read(&reply)
    }

    fn read(list: &str) -> Vec<(u32, bool)> {
        let questions = read_list(list).questions;
        questions.iter().map(|one| (one.id, one.set)).collect()
    }

    #[test]
    fn fifteen_questions_are_read_and_the_others_counted() {
        let question = |id| format!("<Question><ID>{id}</ID><mark>true</mark></Question>");
        for (count, ignored) in [(15, 0), (16, 1), (32, 17)] {
            // The last listed has the lowest number.
            let text: String = (1..=count).rev().map(question).collect();
            let list = read_list(&text);
            let first = count - 14;
            let ids: Vec<_> = list.questions.iter().map(|one| one.id).collect();
            assert_eq!(ids, (first..=count).collect::<Vec<_>>());
            assert!(list.questions.iter().all(|one| one.set));
            assert_eq!(list.ignored, ignored);
            assert_eq!(list.holds(1), ignored == 0);
        }
        let twice: String = (1..=15).chain(1..=15).map(question).collect();
        assert_eq!(read_list(&twice).ignored, 0);
    }

    #[test]
    fn questions_are_read_with_their_marks() {
        let list = "<Question><ID>3</ID><mark>true</mark></Question>\
            <Question><ID>1</ID><mark>flase</mark></Question>\
            <Question><ID>2</ID></Question>";
        assert_eq!(read(list), [(1, false), (2, false), (3, true)]);
        assert_eq!(read(""), []);
        let other_case = "<question><Id>4</Id><Mark>true</Mark></question>";
        assert_eq!(read(other_case), [(4, true)]);
    }

    #[test]
    fn what_is_no_question_is_passed_over() {
        let list = "<Question><ID>0</ID><mark>true</mark></Question>\
            <Question><ID>x</ID><mark>true</mark></Question>\
            <Question><ID>33</ID></Question>\
            <Question><mark>true</mark></Question>\
            <Question><ID>7</ID><mark>1</mark></Question>\
            <Question><ID>7</ID><mark>0</mark></Question>";
        assert_eq!(read(list), [(7, true)]);
    }
}
