use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    Body, EditError, HttpMethod, IsapiDocument, IsapiRequest, RequestBody,
    fields::{Fields, SecretElements},
    replace_text,
};

/// Whether a device answers discovery, with a login. A device that hides from SADP is
/// found by its address only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscoveryMode {
    /// Over raw Ethernet.
    #[serde(rename = "PcapMode", skip_serializing_if = "Option::is_none")]
    pub link_layer: Option<Visibility>,
    /// By multicast.
    #[serde(rename = "SADP", skip_serializing_if = "Option::is_none")]
    pub sadp: Option<Visibility>,
}

impl DiscoveryMode {
    /// Where it is read and written.
    pub const PATH: &'static str = "/ISAPI/System/discoveryMode";
}

impl IsapiDocument for DiscoveryMode {
    const ROOT: &'static str = "DiscoveryMode";

    fn read(body: &Body) -> Option<Self> {
        let mode = Self {
            link_layer: body.text("PcapMode").map(Visibility::of),
            // The second spelling is that of analogue recorders.
            sadp: body
                .text("SADP")
                .or_else(|| body.text("ISDiscoveryMode"))
                .map(Visibility::of),
        };
        (mode.link_layer.is_some() || mode.sadp.is_some()).then_some(mode)
    }
}

/// Whether a device answers one way of discovery.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "camelCase", ascii_case_insensitive)]
pub enum Visibility {
    /// It answers.
    Discoverable,
    /// It hides.
    NonDiscoverable,
    /// Another word, as received.
    #[strum(default)]
    Other(String),
}

words!(Visibility);

/// The interfaces for programs of others, with a login. ONVIF is off from the factory
/// since firmware 5.5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Integrate {
    /// The vendor's older interface.
    #[serde(rename = "CGI", skip_serializing_if = "Option::is_none")]
    pub cgi: Option<Switch>,
    /// ONVIF. Its users are separate from the device's.
    #[serde(rename = "ONVIF", skip_serializing_if = "Option::is_none")]
    pub onvif: Option<Switch>,
}

/// One interface for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Switch {
    /// Whether it is on.
    pub enable: bool,
    /// How its users log in: `digest`, `WSSE`, `digest/WSSE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_type: Option<Box<str>>,
}

impl Integrate {
    /// Where it is read and written.
    pub const PATH: &'static str = "/ISAPI/System/Network/Integrate";

    /// A received document with ONVIF on or off. Devices take it only if everything else
    /// is as they wrote it.
    pub fn with_onvif(document: &[u8], enable: bool) -> Result<Vec<u8>, EditError> {
        replace_text(
            document,
            "ONVIF/enable",
            if enable { "true" } else { "false" },
        )
    }
}

impl IsapiDocument for Integrate {
    const ROOT: &'static str = "Integrate";

    fn read(body: &Body) -> Option<Self> {
        let cgi = body.boolean("CGI/enable").map(|enable| Switch {
            enable,
            certificate_type: body.owned("CGI/certificateType"),
        });
        let onvif = body.boolean("ONVIF/enable").map(|enable| Switch {
            enable,
            certificate_type: body.owned("ONVIF/certificateType"),
        });
        (cgi.is_some() || onvif.is_some()).then_some(Self { cgi, onvif })
    }
}

/// An account of ONVIF. It is not one of the device's accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OnvifUser {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub user_name: Box<str>,
    /// `administrator`, `operator` or `mediaUser`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<Box<str>>,
}

impl OnvifUser {
    /// Where all are read, and one is added.
    pub const PATH: &'static str = "/ISAPI/Security/ONVIF/users";

    /// The root of the list.
    pub const LIST: &'static str = "UserList";

    /// The request that adds this user.
    pub fn add(&self, password: &SecretString, fields: &Fields) -> IsapiRequest {
        IsapiRequest {
            method: HttpMethod::Post,
            path: fields.path(Self::PATH).into(),
            body: Some(self.with_password(password, fields)),
            reply_limit: Body::MAX_BYTES,
        }
    }

    /// The request that gives this user another password.
    pub fn change(&self, password: &SecretString, fields: &Fields) -> IsapiRequest {
        IsapiRequest {
            method: HttpMethod::Put,
            path: fields.path(&format!("{}/{}", Self::PATH, self.id)).into(),
            body: Some(self.with_password(password, fields)),
            reply_limit: Body::MAX_BYTES,
        }
    }

    fn with_password(&self, password: &SecretString, fields: &Fields) -> RequestBody {
        let mut elements = SecretElements::default();
        elements.push("id", &self.id.to_string());
        elements.push("userName", &fields.xml(&self.user_name));
        elements.push("password", &fields.xml(password.expose_secret()));
        if let Some(kind) = &self.user_type {
            elements.push("userType", kind);
        }
        elements.body(Self::ROOT)
    }
}

impl IsapiDocument for OnvifUser {
    const ROOT: &'static str = "User";

    fn read(body: &Body) -> Option<Self> {
        Some(Self {
            id: body.number("id")?,
            user_name: body.text("userName")?.into(),
            user_type: body.owned("userType"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list_to_xml, read_list};

    const INTEGRATE: &[u8] = include_bytes!("../../../fixtures/isapi/integrate.xml");

    fn integrate(bytes: &[u8]) -> Integrate {
        Integrate::read(&Body::read(bytes).unwrap()).unwrap()
    }

    #[test]
    fn onvif_is_switched_in_the_bytes_as_received() {
        let before = integrate(INTEGRATE);
        let onvif = before.onvif.clone().unwrap();
        assert!(!onvif.enable);
        assert_eq!(onvif.certificate_type.as_deref(), Some("digest/WSSE"));
        for written in [before.to_xml(None), before.to_json()] {
            assert_eq!(integrate(&written), before);
        }
        let on = Integrate::with_onvif(INTEGRATE, true).unwrap();
        assert!(integrate(&on).onvif.unwrap().enable);
        assert_eq!(Integrate::with_onvif(&on, false).unwrap(), INTEGRATE);
    }

    #[test]
    fn hidden_devices_are_told() {
        for (body, sadp) in [
            (
                "<DiscoveryMode><PcapMode>discoverable</PcapMode><SADP>nonDiscoverable</SADP></DiscoveryMode>",
                Visibility::NonDiscoverable,
            ),
            (
                "<D><SADP><ISDiscoveryMode>discoverable</ISDiscoveryMode><PcapMode>discoverable</PcapMode></SADP></D>",
                Visibility::Discoverable,
            ),
            (
                "<D><PcapMode>discoverable</PcapMode><SADP>later</SADP></D>",
                Visibility::Other("later".into()),
            ),
        ] {
            let mode = DiscoveryMode::read(&Body::read(body.as_bytes()).unwrap()).unwrap();
            assert_eq!(mode.link_layer, Some(Visibility::Discoverable));
            assert_eq!(mode.sadp, Some(sadp));
            assert_eq!(
                DiscoveryMode::read(&Body::read(&mode.to_xml(None)).unwrap()),
                Some(mode)
            );
        }
    }

    #[test]
    fn users_of_onvif_are_a_list() {
        let users: Vec<_> = [(1, "viewer"), (2, "vms")]
            .map(|(id, name)| OnvifUser {
                id,
                user_name: name.into(),
                user_type: Some("mediaUser".into()),
            })
            .into();
        let written = list_to_xml(OnvifUser::LIST, &users);
        assert_eq!(read_list::<OnvifUser>(&written), Ok(users));
        assert_eq!(read_list::<OnvifUser>(b"<UserList/>"), Ok(vec![]));
    }

    #[test]
    fn users_of_onvif_get_passwords() {
        let user = OnvifUser {
            id: 2,
            user_name: "vms".into(),
            user_type: Some("mediaUser".into()),
        };
        let password = "a&b".into();
        let body = "<User><id>2</id><userName>vms</userName><password>a&amp;b</password><userType>mediaUser</userType></User>";
        for (request, method, path) in [
            (
                user.add(&password, &Fields::Plain),
                HttpMethod::Post,
                "/ISAPI/Security/ONVIF/users",
            ),
            (
                user.change(&password, &Fields::Plain),
                HttpMethod::Put,
                "/ISAPI/Security/ONVIF/users/2",
            ),
        ] {
            assert_eq!((request.method, &*request.path), (method, path));
            assert!(request.body.unwrap().bytes.ends_with(body.as_bytes()));
        }
    }
}
