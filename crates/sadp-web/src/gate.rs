//! What every request passes before it reaches a page: `access` decides, and each response
//! gets the headers that protect it.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use maud::{DOCTYPE, html};

use crate::{
    access::{ENTRANCE, Entrance},
    error::WebError,
    site::Site,
};

/// Takes the one-time token, and checks every other request.
pub(crate) async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let access = &site.access;
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let mut response = if let Err(error) = access.is_ours(method, uri, headers) {
        error.bare()
    } else if uri.path() == ENTRANCE {
        enter(&site, &request)
    } else if access.is_let_in(headers) {
        site.note_use(uri.path());
        next.run(request).await
    } else {
        let error = WebError::new(StatusCode::UNAUTHORIZED, "this browser is not let in");
        error
            .next("open the link that sadpctl web printed; it can be used once")
            .bare()
    };
    harden(response.headers_mut());
    response
}

fn enter(site: &Site, request: &Request) -> Response {
    // A browser that fetches ahead, or a program that looks at links, does not enter.
    let headers = request.headers();
    let ahead = headers.contains_key("sec-purpose") || headers.contains_key("purpose");
    if request.method() != Method::GET || ahead {
        let error = WebError::new(StatusCode::METHOD_NOT_ALLOWED, "the link is for a browser");
        return error.next("open it in a browser").bare();
    }
    let uri = request.uri();
    let query = uri.query().unwrap_or_default().as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    let token = pairs.find(|(name, _)| name == "token");
    let token = token
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let session = match site.access.enter(&token) {
        Entrance::Welcome(session) => session,
        Entrance::Again => {
            site.end_session();
            return WebError::new(
                StatusCode::FORBIDDEN,
                "the link was used twice, and the session has ended: somebody else may have the link",
            )
            .next("if it was not you, find out who uses this computer; start sadpctl web again")
            .bare();
        }
        Entrance::Wrong => {
            return WebError::new(StatusCode::FORBIDDEN, "this link lets nobody in")
                .next("open the link that sadpctl web printed")
                .bare();
        }
    };
    site.entered();
    // A redirect would still count as coming from the file of the link, and the cookie
    // would not be sent with it.
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content="0; url=/";
                link rel="icon" href="data:,";
                title { "sadpctl" }
            }
            body { p { a href="/" { "Go to the list of devices" } } }
        }
    };
    let mut response = page.into_response();
    let cookie = site.access.cookie(&session, site.is_tls);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What a page may load and who may show it: nothing from elsewhere, and nobody.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Without any referrer a form would not name its origin either.
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A document to print brings a stricter one of its own.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
}
