use secrecy::SecretString;

use super::*;
use crate::{
    HttpMethod,
    digest::{Algorithm, Authorization, Challenges, NamedAlgorithm},
};

const CNONCE: &str = "0a4f113b";

const LINE: RequestLine<'_> = RequestLine {
    method: HttpMethod::Get,
    uri: "/ISAPI/Security/userCheck?a=b",
};

fn challenge(header: &[u8]) -> Challenge {
    Challenges::read([header]).digest.unwrap()
}

fn account(password: &SecretString) -> LoginCredentials<'_> {
    LoginCredentials {
        user: "admin",
        password,
    }
}

/// The example of RFC 7616, section 3.9.1, in both digests.
#[test]
fn the_vectors_of_the_rfc_are_answered() {
    let password = SecretString::from("Circle of Life");
    let credentials = LoginCredentials {
        user: "Mufasa",
        password: &password,
    };
    let line = RequestLine {
        method: HttpMethod::Get,
        uri: "/dir/index.html",
    };
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let header = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let answer = challenge(header.as_bytes()).answer(
            credentials,
            line,
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        );
        let answer = std::str::from_utf8(answer.as_bytes()).unwrap();
        assert!(
            answer.contains(&format!("response=\"{response}\"")),
            "{answer}"
        );
    }
}

/// The example of RFC 2069, with the response of its errata.
#[test]
fn the_older_form_is_answered() {
    let password = SecretString::from("CircleOfLife");
    let credentials = LoginCredentials {
        user: "Mufasa",
        password: &password,
    };
    let line = RequestLine {
        method: HttpMethod::Get,
        uri: "/dir/index.html",
    };
    let header = b"Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let answer = challenge(header).answer(credentials, line, CNONCE);
    let answer = std::str::from_utf8(answer.as_bytes()).unwrap();
    assert!(
        answer.contains("response=\"1949323746fe6a43ef61f9606e7febea\""),
        "{answer}"
    );
    assert!(
        !answer.contains("qop") && !answer.contains(CNONCE),
        "{answer}"
    );
}

/// Headers of real devices.
#[test]
fn every_form_of_devices_is_answered_and_verified() {
    for (header, parts) in [
        (
            &b"Digest qop=\"auth\", realm=\"IP Camera(C2183)\", nonce=\"NjUzOTU6ZTc4=\", stale=\"FALSE\""[..],
            &["realm=\"IP Camera(C2183)\"", "qop=auth", "nc=00000001"][..],
        ),
        (
            b"Digest realm=\"0123456789abcdef01234567\", domain=\"::\", qop=\"auth\", nonce=\"deadbeef:1700000000000\", opaque=\"\", algorithm=\"MD5\", stale=\"FALSE\"",
            &["opaque=\"\"", "algorithm=\"MD5\""],
        ),
        (
            b"Digest realm=\"Login to 1\",qop=\"auth\",nonce=\"1\",opaque=\"x\",algorithm=MD5",
            &["algorithm=MD5"],
        ),
        (
            b"digest realm=\"a\\\"b\\\\c\", nonce=\"1\", algorithm=\"SHA-256\"",
            &["realm=\"a\\\"b\\\\c\"", "algorithm=\"SHA-256\""],
        ),
        (b"Digest realm=\"\xc3\xc5\", nonce=n/=:", &["nonce=\"n/=:\""]),
    ] {
        let challenge = challenge(header);
        let password = SecretString::from("Passw0rd!");
        let answer = challenge.answer(account(&password), LINE, CNONCE);
        let text = String::from_utf8_lossy(answer.as_bytes()).into_owned();
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
        let presented = Presented::read(answer.as_bytes()).unwrap();
        assert_eq!(presented.user(), Some("admin"));
        assert_eq!(presented.nonce(), Some(&*challenge.nonce));
        assert_eq!(challenge.verify(&presented, account(&password), LINE), Ok(()));

        let wrong = SecretString::from("Passw0rd?");
        assert_eq!(challenge.verify(&presented, account(&wrong), LINE), Err(DigestFault::Password));
        let elsewhere = RequestLine { uri: "/", ..LINE };
        assert_eq!(challenge.verify(&presented, account(&password), elsewhere), Err(DigestFault::OtherUri));
        let put = RequestLine { method: HttpMethod::Put, ..LINE };
        assert_eq!(challenge.verify(&presented, account(&password), put), Err(DigestFault::Password));
        let next = Challenge { nonce: b"next".to_vec(), ..challenge.clone() };
        assert_eq!(next.verify(&presented, account(&password), LINE), Err(DigestFault::OtherChallenge));
        assert_eq!(Challenges::read([&*challenge.to_header()]).digest, Some(challenge));
    }
}

#[test]
fn parameters_are_not_quoted_and_not_left_out() {
    let challenge =
        challenge(b"Digest realm=\"r\", nonce=\"n\", qop=\"auth\", opaque=\"\", algorithm=MD5");
    let password = SecretString::from("Passw0rd!");
    let answer = challenge.answer(account(&password), LINE, CNONCE);
    let answer = std::str::from_utf8(answer.as_bytes()).unwrap();
    for (part, instead) in [
        ("qop=auth", "qop=\"auth\""),
        ("nc=00000001", "nc=\"00000001\""),
        ("algorithm=MD5", "algorithm=\"MD5\""),
        (", algorithm=MD5", ""),
        (", opaque=\"\"", ""),
        (", qop=auth", ""),
    ] {
        let changed = Presented::read(answer.replace(part, instead).as_bytes()).unwrap();
        assert_eq!(
            challenge.verify(&changed, account(&password), LINE),
            Err(DigestFault::Form),
            "{part}"
        );
    }
}

#[test]
fn the_better_digest_is_taken_and_basic_only_noted() {
    let md5 = b"Digest realm=\"r\", nonce=\"1\", algorithm=MD5";
    let sha = b"Digest realm=\"r\", nonce=\"2\", algorithm=\"SHA-256\", stale=\"TRUE\"";
    let basic = b"Basic realm=\"r\"";
    for headers in [[&md5[..], sha, basic], [basic, sha, md5]] {
        let read = Challenges::read(headers);
        assert!(read.basic);
        let digest = read.digest.unwrap();
        assert_eq!(digest.algorithm, NamedAlgorithm::new("SHA-256", true));
        assert_eq!(digest.algorithm(), Algorithm::Sha256);
        assert!(digest.stale);
    }
    let joined = [&md5[..], b", ", basic].concat();
    let read = Challenges::read([&joined[..]]);
    assert!(read.basic && read.digest.is_some());
}

#[test]
fn what_cannot_be_answered_is_no_challenge() {
    let long = format!("Digest realm=\"{}\", nonce=\"1\"", "x".repeat(10_240));
    for header in [
        long.as_bytes(),
        b"Digest realm=\"r\"",
        b"Digest realm=\"r\", nonce=\"\"",
        b"Digest nonce=\"1\"",
        b"Digest realm=\"r\", nonce=\"1\", algorithm=SHA-512-256",
        b"Digest realm=\"r\", nonce=\"1\", algorithm=MD5-sess",
        b"Digest realm=\"r\", nonce=\"1\", qop=\"auth-int\"",
        b"Basic realm=\"Digest\"",
        b"Digest realm=\"r, nonce=\"1\"",
    ] {
        assert_eq!(Challenges::read([header]).digest, None, "{header:?}");
    }
    let many = std::iter::repeat_n(&b"Basic realm=\"r\""[..], Challenges::MAX_HEADERS);
    let last = [&b"Digest realm=\"r\", nonce=\"1\""[..]];
    assert_eq!(Challenges::read(many.chain(last)).digest, None);
}

#[test]
fn basic_is_base64() {
    let password = SecretString::from("open sesame");
    let credentials = LoginCredentials {
        user: "Aladdin",
        password: &password,
    };
    let header = Authorization::basic(credentials);
    assert_eq!(header.as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

proptest::proptest! {
    #[test]
    fn what_a_client_answers_a_device_verifies(
        realm: Vec<u8>,
        nonce in proptest::collection::vec(proptest::num::u8::ANY, 1..64),
        opaque: Option<Vec<u8>>,
        qop: bool,
        quoted: Option<bool>,
        name in "MD5|md5|SHA-256|sha256",
        user in "[^\\x00]{0,32}",
        password: String,
    ) {
        let algorithm = quoted.and_then(|quoted| NamedAlgorithm::new(&name, quoted));
        let challenge = Challenge { realm, nonce, opaque, qop, algorithm, stale: false };
        let header = challenge.to_header();
        proptest::prop_assert_eq!(&Challenges::read([&*header]).digest, &Some(challenge.clone()));
        let password = SecretString::from(password);
        let credentials = LoginCredentials { user: &user, password: &password };
        let answer = challenge.answer(credentials, LINE, CNONCE);
        let presented = Presented::read(answer.as_bytes()).unwrap();
        proptest::prop_assert_eq!(challenge.verify(&presented, credentials, LINE), Ok(()));
    }
}
