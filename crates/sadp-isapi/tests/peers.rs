//! Our Digest against servers that nobody here wrote: Apache's `mod_auth_digest` (MD5) and
//! lighttpd's `mod_auth` (SHA-256).
//!
//! They are run from unpacked packages, in the folder that `SADPCTL_HTTP_PEERS` names;
//! `.ci/run` makes it. Without it these tests say so and end.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use md5::{Digest, Md5};
use sadp_isapi::{
    BasicLogin, Client, ClientSettings, IsapiRequest, LoginOutcome, Transport, UserCheck,
    digest::LoginCredentials,
};
use secrecy::SecretString;
use sha2::Sha256;
use tempfile::TempDir;

const REALM: &str = "IP Camera(C2183)";
const USER: &str = "admin";
const PASSWORD: &str = "Pass w0rd:\"\\!";
const BODY: &str = "<userCheck><statusValue>200</statusValue></userCheck>";

#[tokio::test]
async fn apache_takes_our_md5() {
    let Some(root) = packages("apache2") else {
        return;
    };
    let server = Server::new(Ipv4Addr::new(127, 77, 1, 1));
    server.write("users", &account(|text| hex::encode(Md5::digest(text))));
    server.start(
        Command::new(root.join("usr/sbin/apache2")).arg("-f"),
        &root,
        &format!(
            "ServerRoot {root}/usr/lib/apache2
             ServerName test
             Listen {address}
             PidFile {folder}/pid
             ErrorLog {folder}/error.log
             User nobody
             Group nogroup
             LoadModule mpm_event_module modules/mod_mpm_event.so
             LoadModule authn_core_module modules/mod_authn_core.so
             LoadModule authn_file_module modules/mod_authn_file.so
             LoadModule authz_core_module modules/mod_authz_core.so
             LoadModule authz_user_module modules/mod_authz_user.so
             LoadModule auth_digest_module modules/mod_auth_digest.so
             DocumentRoot {folder}/www
             <Location />
             AuthType Digest
             AuthName \"{REALM}\"
             AuthUserFile {folder}/users
             Require valid-user
             </Location>\n",
            root = root.display(),
            address = server.address,
            folder = server.folder.path().display(),
        ),
    );
    server.is_understood().await;
}

#[tokio::test]
async fn lighttpd_takes_our_sha_256() {
    let Some(root) = packages("lighttpd") else {
        return;
    };
    for (host, algorithm) in [(1, "SHA-256"), (2, "MD5|SHA-256")] {
        let server = Server::new(Ipv4Addr::new(127, 77, 2, host));
        server.write("users", &account(|text| hex::encode(Sha256::digest(text))));
        let modules = root.join("usr/lib/lighttpd");
        server.start(
            Command::new(root.join("usr/sbin/lighttpd")).arg("-m").arg(modules).arg("-f"),
            &root,
            &format!(
                "server.bind = \"{ip}\"
                 server.port = {port}
                 server.pid-file = \"{folder}/pid\"
                 server.errorlog = \"{folder}/error.log\"
                 server.document-root = \"{folder}/www\"
                 server.modules = (\"mod_auth\", \"mod_authn_file\")
                 auth.backend = \"htdigest\"
                 auth.backend.htdigest.userfile = \"{folder}/users\"
                 auth.require = (\"/\" => (\"method\" => \"digest\", \"algorithm\" => \"{algorithm}\",
                     \"realm\" => \"{REALM}\", \"require\" => \"valid-user\"))\n",
                ip = server.address.ip(),
                port = server.address.port(),
                folder = server.folder.path().display(),
            ),
        );
        server.is_understood().await;
    }
}

/// Where a server is unpacked.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn packages(program: &str) -> Option<PathBuf> {
    let root = env::var_os("SADPCTL_HTTP_PEERS").map(PathBuf::from);
    let root = root.filter(|root| root.join("usr/sbin").join(program).exists());
    if root.is_none() {
        eprintln!("skipped: no {program} in the folder that SADPCTL_HTTP_PEERS names");
    }
    root
}

/// The line of the account in a file of `htdigest`.
fn account(digest: impl Fn(&str) -> String) -> String {
    let hash = digest(&[USER, REALM, PASSWORD].join(":"));
    [USER, REALM, &hash].join(":") + "\n"
}

/// A server under test. It ends with this value.
struct Server {
    folder: TempDir,
    address: SocketAddr,
}

impl Server {
    /// The address of its own keeps the port free until the server takes it.
    fn new(address: Ipv4Addr) -> Self {
        let folder = TempDir::new().unwrap();
        // It gives up root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let address = TcpListener::bind((address, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let server = Self { folder, address };
        fs::create_dir_all(server.folder.path().join("www/ISAPI/Security")).unwrap();
        server.write("www/ISAPI/Security/userCheck", BODY);
        server
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Starts it. Both programs return once they listen.
    fn start(&self, command: &mut Command, root: &Path, settings: &str) {
        self.write("settings", settings);
        let libraries = root
            .join("usr/lib")
            .join([env::consts::ARCH, "-linux-gnu"].concat());
        let started = command
            .arg(self.folder.path().join("settings"))
            .env("LD_LIBRARY_PATH", libraries)
            .output()
            .unwrap();
        assert!(
            started.status.success(),
            "{}",
            String::from_utf8_lossy(&started.stderr)
        );
    }

    /// The right password is taken, another one is not.
    async fn is_understood(&self) {
        let client = Client::new(&ClientSettings::new(self.address, Transport::Http)).unwrap();
        let request = IsapiRequest::get("/ISAPI/Security/userCheck?format=xml&x=%20y");
        for (password, is_right) in [(PASSWORD, true), ("Passw0rd?", false)] {
            let password = SecretString::from(password);
            let credentials = LoginCredentials {
                user: USER,
                password: &password,
            };
            match client
                .login(&request, credentials, BasicLogin::Refuse)
                .await
            {
                LoginOutcome::Accepted(reply) if is_right => {
                    let check: UserCheck = reply.document().unwrap();
                    assert_eq!(check.status_value, Some(200));
                }
                LoginOutcome::WrongPassword { tries_left: None } if !is_right => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(client.user_check().await.unwrap().status_value, Some(401));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        if let Ok(pid) = pid.trim().parse::<u32>() {
            let _ = Command::new("kill").arg(pid.to_string()).status();
        }
    }
}
