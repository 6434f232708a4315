use std::{borrow::Cow, fmt};

use zeroize::Zeroizing;

use crate::Body;

/// The methods of ISAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Changes what is there.
    Put,
    /// Adds, or starts something.
    Post,
}

impl HttpMethod {
    /// The word of the request line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One HTTP request to a device, without credentials.
pub struct IsapiRequest {
    /// The method.
    pub method: HttpMethod,
    /// Path and query, as they stand in the request line.
    pub path: Cow<'static, str>,
    /// The media type and the body, unless there is none.
    pub body: Option<RequestBody>,
    /// The most bytes of the reply's body that are read.
    pub reply_limit: usize,
}

/// The body of a [`IsapiRequest`]. Wiped when dropped, because some bodies have secrets.
pub struct RequestBody {
    /// Its media type.
    pub media_type: MediaType,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// XML.
    Xml,
    /// JSON. The query of such a URL has `format=json`.
    Json,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

impl IsapiRequest {
    /// A request that reads.
    pub const fn get(path: &'static str) -> Self {
        Self {
            method: HttpMethod::Get,
            path: Cow::Borrowed(path),
            body: None,
            reply_limit: Body::MAX_BYTES,
        }
    }

    /// A request that writes back a changed document.
    pub fn put(path: impl Into<Cow<'static, str>>, document: Vec<u8>) -> Self {
        Self {
            method: HttpMethod::Put,
            path: path.into(),
            body: Some(RequestBody {
                media_type: MediaType::Xml,
                bytes: Zeroizing::new(document),
            }),
            reply_limit: Body::MAX_BYTES,
        }
    }
}

/// Without the body: some have secrets.
impl fmt::Debug for IsapiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IsapiRequest({} {})", self.method.name(), self.path)
    }
}

opaque_debug!(RequestBody);
