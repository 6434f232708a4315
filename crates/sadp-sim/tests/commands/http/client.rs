//! A client of the HTTP interface of the first device of a van.

use std::net::Ipv4Addr;

use sadp_isapi::{
    Body, IsapiRequest,
    digest::{Challenges, LoginCredentials, RequestLine},
};
use sadp_sim::{Access, HttpCounts, HttpRequest, HttpResponse};

use crate::van::Van;

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 9);

/// A client of the first device of a van.
pub(crate) struct Client<'a> {
    pub(crate) van: &'a mut Van,
    pub(crate) from: Ipv4Addr,
    pub(crate) password: &'a str,
}

/// What a client sends, beside its credentials.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) body: &'a str,
}

impl<'a> Sent<'a> {
    pub(crate) fn of(request: &'a IsapiRequest) -> Self {
        let body = request.body.as_ref();
        Self {
            method: request.method.name(),
            target: &request.path,
            body: body.map_or("", |body| std::str::from_utf8(&body.bytes).unwrap()),
        }
    }
}

pub(crate) const fn get(target: &str) -> Sent<'_> {
    Sent {
        method: "GET",
        target,
        body: "",
    }
}

pub(crate) const fn put<'a>(target: &'a str, body: &'a str) -> Sent<'a> {
    Sent {
        method: "PUT",
        target,
        body,
    }
}

impl Client<'_> {
    pub(crate) fn send(
        &mut self,
        sent: Sent<'_>,
        authorization: Option<&str>,
    ) -> Option<HttpResponse> {
        let request = HttpRequest {
            from: self.from,
            method: sent.method,
            target: sent.target,
            authorization,
            body: sent.body.as_bytes(),
        };
        self.van.fleet.handle_http(self.van.now, 0, &request)
    }

    /// Without credentials.
    pub(crate) fn ask(&mut self, sent: Sent<'_>) -> HttpResponse {
        self.send(sent, None).unwrap()
    }

    /// After a challenge, with the answer to it.
    pub(crate) fn log_in(&mut self, sent: Sent<'_>) -> HttpResponse {
        let challenged = self.ask(sent);
        let answer = self.answer(&challenged, sent);
        self.send(sent, Some(&answer)).unwrap()
    }

    pub(crate) fn answer(&self, refused: &HttpResponse, sent: Sent<'_>) -> String {
        let headers = refused.headers.iter();
        let offers = headers.filter(|(name, _)| *name == "WWW-Authenticate");
        let challenges = Challenges::read(offers.map(|(_, value)| value.as_bytes()));
        let credentials = LoginCredentials {
            user: "admin",
            password: &self.password.into(),
        };
        let line = RequestLine {
            method: sent.method.parse().unwrap(),
            uri: sent.target,
        };
        let answer = challenges
            .digest
            .unwrap()
            .answer(credentials, line, "0a4f113b");
        String::from_utf8(answer.as_bytes().to_vec()).unwrap()
    }

    pub(crate) fn play(&mut self, request: &IsapiRequest) -> HttpResponse {
        self.ask(Sent::of(request))
    }

    pub(crate) fn counts(&self) -> HttpCounts {
        self.van.fleet.http_counts(0)
    }
}

pub(crate) fn client<'a>(van: &'a mut Van, password: &'a str) -> Client<'a> {
    Client {
        van,
        from: CLIENT,
        password,
    }
}

pub(crate) fn owner(van: &mut Van) -> Client<'_> {
    client(van, Access::PASSWORD)
}

pub(crate) fn text(response: &HttpResponse) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

/// The text of an element.
pub(crate) fn value(response: &HttpResponse, name: &str) -> Option<String> {
    let body = Body::read(&response.body).ok()?;
    body.text(name).map(str::to_owned)
}
