//! `/ISAPI/Security`: what a device supports, the preparations of a reset, and the users
//! of ONVIF.

use sadp_proto::Mailbox;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    Answer, RequestContext,
    respond::{self, StatusWord},
    sealed,
    xml::{Element, leaf, node},
};
use crate::{Questions, fleet::guid};

/// `GET extern/capabilities`: the ways to reset a password, before any login.
pub(super) fn reset_ways(context: &RequestContext<'_>) -> Element {
    let profile = context.profile;
    let fields = vec![
        leaf("isSupportWithSecurityQuestion", profile.questions),
        leaf("isSupportWithGUIDFileData", profile.guid),
        leaf("isSupportWithSecurityEmail", profile.mailbox),
    ];
    // The vendor's spelling.
    let ways = node("RestAdminPassWord", fields);
    node("externSecurityCap", vec![ways])
}

/// `GET capabilities`.
pub(super) fn capabilities(context: &RequestContext<'_>) -> Element {
    let profile = context.profile;
    let mut fields = vec![
        leaf("supportUserNums", 32),
        leaf("userBondIpNums", 1),
        leaf("isSupportUserCheck", true),
        leaf("isSupportGUIDFileDataExport", profile.guid),
        leaf("isSupportSecurityQuestionConfig", profile.questions),
        leaf("isSupportSecurityEmail", profile.mailbox),
        leaf("isSupportONVIFUserManagement", true),
    ];
    if profile.sealed_values {
        let sealing = context.sealing();
        fields.push(leaf("securityVersion", "").with("opt", "1"));
        fields.push(leaf("keyIterateNum", sealed::ROUNDS));
        if sealing.is_irreversible == Some(true) {
            fields.push(leaf("isIrreversible", true));
        }
        fields.push(leaf("salt", sealing.salt.unwrap_or_default()));
    }
    if profile.algorithms.len() > 1 {
        let algorithms = leaf("algorithmType", "MD5/SHA256").with("opt", "MD5,SHA256,MD5/SHA256");
        fields.push(node("SecurityAlgorithm", vec![algorithms]));
    }
    node("SecurityCap", fields)
}

/// `GET questionConfiguration`: the questions, and which are set.
pub(super) fn questions(context: &RequestContext<'_>) -> Element {
    let questions = (1..=Questions::MAX_ID).map(|id| {
        let is_set = context.device.recovery.questions.contains(id);
        node("Question", vec![leaf("id", id), leaf("mark", is_set)])
    });
    let list = node("QuestionList", questions.collect());
    node("SecurityQuestion", vec![list])
}

/// `PUT questionConfiguration`: three answers, with the current password.
pub(super) fn set_questions(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let fields = context.fields("SecurityQuestion")?;
    let password = context.open_xml(text(fields.first("password"))?)?;
    let mut answers = Vec::new();
    let mut id = 0;
    for (path, text) in fields.iter() {
        match path {
            "QuestionList/Question/id" => id = text.parse().unwrap_or_default(),
            "QuestionList/Question/answer" => answers.push((id, context.open_xml(text)?)),
            _ => {}
        }
    }
    let questions = Questions::new(answers).map_err(|_| StatusWord::BadParameters)?;
    context.prove(&password)?;
    context.device.recovery.questions = questions;
    Ok(())
}

/// `GET email/parameter`.
#[expect(clippy::unnecessary_wraps, reason = "routes have few signatures")]
pub(super) fn mailbox(context: &mut RequestContext<'_>) -> Answer {
    let set = context.device.recovery.mailbox.iter();
    let set: Vec<Value> = set.map(|it| json!({ "emailAddress": it })).collect();
    let shown = json!({ "SecurityEmail": { "SecurityInformation": set } });
    Ok(respond::json(200, &shown))
}

/// `PUT email/parameter`: an address, with the current password. A code on its way to the
/// former address becomes void.
pub(super) fn set_mailbox(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let sent: Value =
        serde_json::from_slice(context.request.body).map_err(|_| StatusWord::BadXmlFormat)?;
    let sent = &sent["SecurityEmail"];
    let password = context.open_json(text(sent["password"].as_str())?)?;
    let address = text(sent["SecurityInformation"][0]["emailAddress"].as_str())?;
    let address = context.open_json(address)?;
    let address = address.expose_secret();
    if !address.contains('@') || Mailbox::new(address).is_err() {
        return Err(StatusWord::BadParameters);
    }
    context.prove(&password)?;
    if context.device.recovery.mailbox.as_deref() != Some(address) {
        context.memory.mail = None;
    }
    context.device.recovery.mailbox = Some(address.into());
    Ok(())
}

/// `POST GUIDFileData`: a new GUID, as a file, for the current password.
pub(super) fn export_guid(context: &mut RequestContext<'_>) -> Answer {
    let fields = context.fields("LoginPassword")?;
    let password = context.open_xml(text(fields.first("password"))?)?;
    context.prove(&password)?;
    let guid = guid::make(context.rng).ok_or(StatusWord::InvalidOperation)?;
    let file = guid.as_str().as_bytes().to_vec();
    context.memory.keep_guid(guid);
    Ok(respond::file(file))
}

/// The text of an element that must be there.
fn text(text: Option<&str>) -> Result<&str, StatusWord> {
    let text = text.filter(|text| !text.is_empty());
    text.ok_or(StatusWord::BadParameters)
}

/// A user of ONVIF: these are apart from the device's own account. Its password is
/// checked and not kept: nothing here speaks ONVIF.
#[derive(Debug)]
pub(super) struct OnvifAccount {
    id: u32,
    name: Box<str>,
    level: Box<str>,
}

impl OnvifAccount {
    /// The most users of a device.
    const MOST: u32 = 32;

    fn read(id: u32, context: &RequestContext<'_>) -> Result<Self, StatusWord> {
        let fields = context.fields("User")?;
        let level = text(fields.first("userType"))?;
        if !matches!(level, "administrator" | "operator" | "mediaUser") {
            return Err(StatusWord::BadParameters);
        }
        let password = context.open_xml(text(fields.first("password"))?)?;
        if password.expose_secret().len() < 8 {
            return Err(StatusWord::RiskPassword);
        }
        let name = context.open_xml(text(fields.first("userName"))?)?;
        Ok(Self {
            id,
            name: name.expose_secret().into(),
            level: level.into(),
        })
    }

    fn element(&self) -> Element {
        let fields = vec![
            leaf("id", self.id),
            leaf("userName", &self.name),
            leaf("userType", &self.level),
        ];
        node("User", fields)
    }
}

/// `GET ONVIF/users`: without passwords.
pub(super) fn onvif_users(context: &RequestContext<'_>) -> Element {
    let users = context.memory.http.onvif_users.iter();
    let users = users.map(OnvifAccount::element).collect();
    Element::list("UserList", users)
}

/// `POST ONVIF/users`: another user.
pub(super) fn add_onvif_user(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let users = &context.memory.http.onvif_users;
    let id = (1..=OnvifAccount::MOST).find(|id| users.iter().all(|user| user.id != *id));
    let user = OnvifAccount::read(id.ok_or(StatusWord::InvalidOperation)?, context)?;
    if users.iter().any(|other| other.name == user.name) {
        return Err(StatusWord::InvalidOperation);
    }
    context.memory.http.onvif_users.push(user);
    Ok(())
}

/// `PUT ONVIF/users/ID`: another name, password or level.
pub(super) fn change_onvif_user(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let id = context.id().ok_or(StatusWord::BadParameters)?;
    let changed = OnvifAccount::read(id, context)?;
    let mut users = context.memory.http.onvif_users.iter_mut();
    let user = users.find(|user| user.id == id);
    *user.ok_or(StatusWord::BadParameters)? = changed;
    Ok(())
}
