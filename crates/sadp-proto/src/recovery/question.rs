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

impl Question {
    /// Reads the reply to [`GetQuestions`](crate::Command::GetQuestions): each
    /// question once, in order of their numbers. What is no question is passed
    /// over.
    pub fn read_all(reply: &CommandReply) -> Vec<Self> {
        const LIST: &str = "QuestionList/Question/";
        let mut questions: Vec<Self> = Vec::new();
        let mut open: Option<Self> = None;
        for (path, text) in reply.fields.iter() {
            let name = path.split_at_checked(LIST.len());
            match name.filter(|(list, _)| list.eq_ignore_ascii_case(LIST)) {
                Some((_, name)) if name.eq_ignore_ascii_case("ID") => {
                    questions.extend(open.take());
                    let id = text.parse().ok();
                    let id = id.filter(|id| (1..=SecretAnswers::MAX_ID).contains(id));
                    open = id.map(|id| Self { id, set: false });
                }
                Some((_, name)) if name.eq_ignore_ascii_case("mark") => {
                    if let Some(question) = &mut open {
                        question.set = inquiry::boolean(text) == Some(true);
                    }
                }
                _ => {}
            }
        }
        questions.extend(open);
        questions.sort_by_key(|question| question.id);
        questions.dedup_by_key(|question| question.id);
        questions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn read(list: &str) -> Vec<(u32, bool)> {
        let text = format!(
            "<ProbeMatch><Types>getsecurityquestion</Types><QuestionList>{list}</QuestionList></ProbeMatch>"
        );
        let Ok(Message::CommandReply(reply)) = Message::decode(text.as_bytes()) else {
            panic!("not a command reply");
        };
        let questions = Question::read_all(&reply);
        questions.iter().map(|one| (one.id, one.set)).collect()
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
