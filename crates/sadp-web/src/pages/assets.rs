//! Style and script, which are in the program.

use axum::{Router, http::header, response::IntoResponse, routing::get};

use crate::site::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/assets/app.css", get(style))
        .route("/assets/app.js", get(script))
}

async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("../../assets/app.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("../../assets/app.js"))
}
