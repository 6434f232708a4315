//! Logins: challenges in the forms of the firmware, their responses, tries and locks.
//!
//! A nonce is valid once and for the URL of its challenge. While a client is locked, any
//! login restarts its lock.

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::RngExt;
use sadp_isapi::digest::{
    Challenge, LoginCredentials, NamedAlgorithm, RequestLine,
    device::{DigestFault, Presented},
};
use sadp_model::PasswordCheck;
use secrecy::ExposeSecret;

use super::{
    RequestContext, USER_CHECK,
    memory::IssuedNonce,
    respond::{ClientLock, StatusWord, page, xml},
    xml::{Element, leaf, node},
};
use crate::{
    HttpAttack, HttpResponse, Tries,
    http::{ChallengeForm, LockTold},
    random::SimulatedRng,
};

/// `GET userCheck`, after a login.
pub(super) fn user_check(context: &RequestContext<'_>) -> Element {
    let password = context.device.access.password.text().expose_secret();
    let is_risky = !PasswordCheck::of(password, &context.device.user())
        .problems
        .is_empty();
    let fields = vec![
        leaf("statusValue", 200),
        leaf("statusString", "OK"),
        leaf("isDefaultPassword", false),
        leaf("isRiskPassword", is_risky),
        leaf("isActivated", true),
    ];
    node("userCheck", fields)
}

/// `userCheck` of a device without a password.
pub(super) fn not_activated(context: &RequestContext<'_>) -> HttpResponse {
    let fields = vec![
        leaf("statusValue", 200),
        leaf("statusString", "OK"),
        leaf("isActivated", false),
    ];
    context.xml(&node("userCheck", fields))
}

/// What a login came to.
enum LoginResult {
    Right,
    Wrong,
    /// Nothing that could be compared: it costs no try.
    Unusable,
    /// For no challenge of this device.
    Early,
}

impl RequestContext<'_> {
    /// Lets the user pass. Others get a challenge.
    pub(super) fn log_in(&mut self) -> Result<(), HttpResponse> {
        let Some(authorization) = self.request.authorization else {
            return Err(self.unauthorized());
        };
        let now = self.now;
        if self.lock_state().locked_for.is_some() {
            self.tries().lock_again(now);
            self.count(|counts| &mut counts.while_locked);
            return Err(self.unauthorized());
        }
        match self.check(authorization) {
            LoginResult::Right => {
                self.tries().forgive();
                self.count(|counts| &mut counts.accepted);
                Ok(())
            }
            LoginResult::Wrong => {
                self.tries().denied(now);
                self.count(|counts| &mut counts.wrong);
                Err(self.unauthorized())
            }
            LoginResult::Early if self.profile.refuses_early => {
                Err(self.refused(StatusWord::InvalidOperation))
            }
            LoginResult::Early | LoginResult::Unusable => Err(self.unauthorized()),
        }
    }

    fn check(&mut self, authorization: &str) -> LoginResult {
        if let Some(pair) = authorization.strip_prefix("Basic ") {
            return self.check_basic(pair);
        }
        let Some(presented) = Presented::read(authorization.as_bytes()) else {
            return LoginResult::Unusable;
        };
        let nonce = presented.nonce().unwrap_or_default();
        let Some(nonce) = self.memory.http.take_nonce(nonce) else {
            return LoginResult::Early;
        };
        // "The url does not match the nonce url."
        if *nonce.target != *self.request.target {
            return LoginResult::Unusable;
        }
        let Ok(method) = self.request.method.parse() else {
            return LoginResult::Unusable;
        };
        let line = RequestLine {
            method,
            uri: self.request.target,
        };
        let user = self.device.user();
        let credentials = LoginCredentials {
            user: &user,
            password: self.device.access.password.text(),
        };
        let mut outcome = LoginResult::Unusable;
        for challenge in &nonce.accepted {
            match challenge.verify(&presented, credentials, line) {
                Ok(()) => return LoginResult::Right,
                Err(DigestFault::Password) => outcome = LoginResult::Wrong,
                Err(_) => {}
            }
        }
        outcome
    }

    fn check_basic(&self, pair: &str) -> LoginResult {
        if !self.profile.basic {
            return LoginResult::Unusable;
        }
        let pair = BASE64_STANDARD.decode(pair.trim()).unwrap_or_default();
        let pair = String::from_utf8(pair).unwrap_or_default();
        match pair.split_once(':') {
            Some((user, password))
                if user == self.device.user()
                    && self.device.access.password.is(&password.into()) =>
            {
                LoginResult::Right
            }
            _ => LoginResult::Wrong,
        }
    }

    /// The counter of wrong passwords for this client.
    pub(super) fn tries(&mut self) -> &mut Tries {
        let access = &mut self.device.access;
        if self.device.http.shared_lock {
            return &mut access.tries;
        }
        let fresh = Tries {
            left: access.tries.most,
            locked_until: None,
            ..access.tries
        };
        let http = &mut self.memory.http;
        http.tries_of(self.request.from, fresh)
    }

    pub(super) fn lock_state(&mut self) -> ClientLock {
        let now = self.now;
        ClientLock::of(self.tries(), now)
    }

    /// The refusal of a request without a login: a challenge, and what the firmware tells
    /// of the lock.
    pub(super) fn unauthorized(&mut self) -> HttpResponse {
        let lock = self.lock_state();
        let told = match self.profile.lock_told {
            LockTold::Nowhere => false,
            LockTold::UserCheck => self.request.path() == USER_CHECK,
            LockTold::Everywhere => true,
        };
        let is_locked = lock.locked_for.is_some();
        let status = if is_locked && told {
            self.profile.lock_status
        } else {
            401
        };
        let mut response = if self.profile.html {
            page(status, "Unauthorized")
        } else {
            let lock = told.then_some(lock);
            xml(status, &self.refusal(lock), self.profile)
        };
        if status == 401 {
            for challenge in self.challenges() {
                response.headers.push(("WWW-Authenticate", challenge));
            }
        }
        response
    }

    /// The `userCheck` of a refusal.
    fn refusal(&self, lock: Option<ClientLock>) -> Element {
        let mut fields = vec![
            leaf("statusValue", 401),
            leaf("statusString", "Unauthorized"),
        ];
        if let Some(lock) = lock {
            fields.push(leaf("isDefaultPassword", false));
            fields.push(leaf("isRiskPassword", false));
            fields.push(leaf("isActivated", self.device.state.activated));
            fields.push(leaf("lockStatus", lock.word(self.profile)));
            match lock.locked_for {
                Some(seconds) => fields.push(leaf("unlockTime", seconds)),
                None => fields.push(leaf("retryLoginTime", lock.tries_left)),
            }
        }
        node("userCheck", fields)
    }

    /// Makes the challenges of a refusal, and keeps their nonce.
    fn challenges(&mut self) -> Vec<String> {
        let attack = self.device.http.attack;
        let (mut realm, nonce) = self.realm_and_nonce();
        let mut qop = self.profile.qop;
        match attack {
            Some(HttpAttack::LongRealm) => realm = "r".repeat(HttpAttack::REALM_BYTES),
            Some(HttpAttack::ChangingChallenge) => {
                realm = SimulatedRng(self.rng).hexadecimal();
                qop = self.rng.random_bool(0.5);
            }
            _ => {}
        }
        let recorder = self.profile.challenge == ChallengeForm::Recorder;
        let usual = Challenge {
            realm: realm.clone().into_bytes(),
            nonce: nonce.clone().into_bytes(),
            opaque: recorder.then(Vec::new),
            qop,
            algorithm: None,
            stale: false,
        };
        let mut headers = Vec::new();
        let mut accepted = Vec::new();
        for name in &self.profile.algorithms {
            // Cameras do not name the usual one.
            let named = recorder || **name != *"MD5";
            let [sent, other] = [true, false].map(|as_sent| Challenge {
                algorithm: named
                    .then(|| NamedAlgorithm::new(name, self.profile.quotes_algorithm == as_sent))
                    .flatten(),
                ..usual.clone()
            });
            let header = String::from_utf8_lossy(&sent.to_header()).into_owned();
            let domain = if recorder { ", domain=\"::\"" } else { "" };
            headers.push(format!("{header}{domain}"));
            accepted.push(sent);
            if named && !self.profile.requires_quotes {
                accepted.push(other);
            }
        }
        if self.profile.basic {
            headers.push(format!("Basic realm=\"{realm}\""));
        }
        if attack == Some(HttpAttack::ChangingChallenge) {
            // No nonce is kept: no answer is ever right.
            return headers;
        }
        self.memory.http.keep_nonce(IssuedNonce {
            text: nonce.into_bytes().into(),
            target: self.request.target.into(),
            accepted,
        });
        headers
    }

    fn realm_and_nonce(&mut self) -> (String, String) {
        let random = SimulatedRng(self.rng).hexadecimal();
        let mac = self.device.identity.mac.octets();
        let milliseconds = self.now.as_millis();
        match self.profile.challenge {
            ChallengeForm::Camera => (
                camera_realm(mac),
                BASE64_STANDARD.encode(format!("{milliseconds}:{random}")),
            ),
            ChallengeForm::CameraHex => {
                let plain = format!("f387:{milliseconds}:{}", &random[..16]);
                (camera_realm(mac), hex::encode(plain))
            }
            ChallengeForm::Recorder => {
                let realm = hex::encode(&self.device.identity.salt[..12]);
                (realm, format!("{random}:{milliseconds}"))
            }
        }
    }
}

/// The realm of cameras: `IP Camera(C2183)`.
fn camera_realm(mac: [u8; 6]) -> String {
    let number = u32::from(mac[4]) << 8 | u32::from(mac[5]);
    format!("IP Camera(C{:04})", number % 10_000)
}
