//! TLS on the port itself: what is spoken under it, and how its certificate is replaced.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use amber_sdk::v1::ListLeadersRequest;
use amber_sdk::{Amber, Options, RetryPolicy};
use amber_tests::{Authority, Backend, Certified, TestServer};
use reqwest::{Certificate, Client, Version};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::help::program;
use crate::stage::PATIENCE;

const EXPIRY: &str = "amber_tls_certificate_expiry_timestamp_seconds";

/// A folder with certificate and key as Kubernetes mounts them: links to a link to a folder, which is replaced as a whole.
struct Mount(TempDir);

impl Mount {
    fn of(pair: &Certified) -> Self {
        let mount = Self(TempDir::new().expect("the folder for temporary files is writable"));
        mount.show("first", &fs::read(&pair.certificate).unwrap(), &fs::read(&pair.key).unwrap());
        for file in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(file), mount.path(file)).unwrap();
        }
        mount
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn show(&self, version: &str, certificate: &[u8], key: &[u8]) {
        let folder = self.path(&format!("..{version}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("tls.crt"), certificate).unwrap();
        fs::write(folder.join("tls.key"), key).unwrap();
        symlink(&folder, self.path("..data_tmp")).unwrap();
        fs::rename(self.path("..data_tmp"), self.path("..data")).unwrap();
    }

    async fn serve(&self) -> TestServer {
        let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
        let file = |name: &str| self.path(name).display().to_string();
        builder.env("TLS_CERT_PATH", file("tls.crt")).env("TLS_KEY_PATH", file("tls.key")).start().await
    }
}

/// A client that trusts these authorities and no others.
fn client(authorities: &[&Authority], address: SocketAddr, is_old: bool) -> Client {
    let authorities: Vec<_> = authorities.iter().map(|authority| authority.pem()).collect();
    client_of(&authorities, address, is_old)
}

fn client_of(authorities: &[String], address: SocketAddr, is_old: bool) -> Client {
    let authorities = authorities.iter().map(|pem| Certificate::from_pem(pem.as_bytes()).expect("openssl wrote it"));
    let builder = Client::builder().no_proxy().tls_certs_only(authorities).resolve("localhost", address);
    let builder = if is_old { builder.http1_only() } else { builder };
    builder.build().expect("a provider of TLS is installed")
}

fn url(server: &TestServer, path: &str) -> String {
    format!("https://localhost:{}{path}", server.address().port())
}

fn options(server: &TestServer) -> Options {
    Options::new(url(server, "")).retry(RetryPolicy::never())
}

#[tokio::test]
async fn everything_is_spoken_under_tls_and_nothing_else() {
    let Some(authority) = Authority::new() else { return };
    let mount = Mount::of(&authority.certify("amber", 2));
    let server = mount.serve().await;
    for (is_old, version) in [(true, Version::HTTP_11), (false, Version::HTTP_2)] {
        let answer = client(&[&authority], server.address(), is_old).get(url(&server, "/api/health")).send().await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
    }
    let amber = Amber::connect(options(&server).ca_certificate(authority.pem())).await.expect("it is trusted");
    amber.leaders().list_leaders(ListLeadersRequest::default()).await.expect("anyone may");
    Amber::connect(options(&server)).await.expect_err("nobody else vouches for it");

    let started = Instant::now();
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("use https.\n"), "{answer}");
    let plain = Options::new(server.url("")).retry(RetryPolicy::never());
    let refused = match Amber::connect(plain).await {
        Ok(amber) => amber.leaders().list_leaders(ListLeadersRequest::default()).await.is_err(),
        Err(_) => true,
    };
    // Who is left without an answer waits for ten seconds.
    assert!(refused && started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_healthcheck_of_the_program_speaks_tls() {
    let Some(authority) = Authority::new() else { return };
    let mount = Mount::of(&authority.certify("amber", 2));
    let server = mount.serve().await;
    let ask = async |arguments: Vec<String>, variables: Vec<(&'static str, String)>| {
        let mut command = Command::new(program());
        command.arg("healthcheck").args(arguments).env_clear().envs(variables);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let file = |name: &str| mount.path(name).display().to_string();
    let configured = vec![
        ("PORT", server.address().port().to_string()),
        ("TLS_CERT_PATH", file("tls.crt")),
        ("TLS_KEY_PATH", file("tls.key")),
    ];
    assert_eq!(ask(vec![], configured).await, (Some(0), String::new()));
    let address = vec!["--address".to_owned(), server.address().to_string()];
    let by_tls = [address.clone(), vec!["--tls".to_owned()]].concat();
    assert_eq!(ask(by_tls, vec![]).await, (Some(0), String::new()));
    let (code, said) = ask(address, vec![]).await;
    assert!(code == Some(1) && said.contains("400"), "{said}");
}

#[tokio::test]
async fn a_certificate_is_replaced_without_a_failed_call_and_a_broken_one_is_not_taken() {
    let (Some(old), Some(new)) = (Authority::new(), Authority::new()) else { return };
    let mount = Mount::of(&old.certify("amber", 2));
    let server = mount.serve().await;
    let address = server.address();
    let expiry = async || {
        let text = client(&[&old, &new], address, false).get(url(&server, "/metrics")).send().await.unwrap();
        let text = text.text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with(EXPIRY)).expect("TLS is on");
        line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok()).expect("a number")
    };
    let first = expiry().await;

    // Calls all the while, on one connection and on new ones.
    let (is_over, on_one, on_new) =
        (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let tasks = TaskTracker::new();
    let both = format!("{}{}", old.pem(), new.pem());
    let kept = Amber::connect(options(&server).ca_certificate(both)).await.expect("it is trusted");
    let (over, count) = (Arc::clone(&is_over), Arc::clone(&on_one));
    let steady = tasks.spawn(async move {
        while !over.load(Ordering::Relaxed) {
            kept.leaders().list_leaders(ListLeadersRequest::default()).await.expect("no call fails");
            count.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(10)).await;
        }
    });
    let (over, count, health) = (Arc::clone(&is_over), Arc::clone(&on_new), url(&server, "/api/health"));
    let authorities = [old.pem(), new.pem()];
    let fresh = tasks.spawn(async move {
        while !over.load(Ordering::Relaxed) {
            assert_eq!(
                client_of(&authorities, address, false).get(&health).send().await.expect("no call fails").status(),
                200
            );
            count.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(20)).await;
        }
    });

    // Each of them makes some more calls, however slowly.
    let some_calls = async || {
        let counts = || [&on_one, &on_new].map(|count| count.load(Ordering::Relaxed));
        let enough = counts().map(|count| count + 10);
        let made = async {
            while counts().iter().zip(enough).any(|(count, enough)| *count < enough) {
                assert!(!steady.is_finished() && !fresh.is_finished(), "a call has failed");
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, made).await.expect("calls are made");
    };

    some_calls().await;
    let certified = new.certify("amber", 30);
    let (certificate, key) = (fs::read(&certified.certificate).unwrap(), fs::read(&certified.key).unwrap());
    let of_another = fs::read(old.certify("another", 2).key).unwrap();
    mount.show("mismatched", &certificate, &of_another);
    sleep(Duration::from_secs(7)).await;
    let trusting_new = client(&[&new], address, false);
    assert!(trusting_new.get(url(&server, "/livez")).send().await.is_err(), "the old certificate stays");
    assert!((expiry().await - first).abs() < 1.0);

    mount.show("whole", &certificate, &key);
    let shown = async {
        while client(&[&new], address, false).get(url(&server, "/livez")).send().await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, shown).await.expect("the new certificate is shown");
    let told = async { while (expiry().await - first - 28.0 * 86_400.0).abs() > 3_600.0 {} };
    timeout(PATIENCE, told).await.expect("the metrics tell its end");
    some_calls().await;
    is_over.store(true, Ordering::Relaxed);
    steady.await.expect("no call fails");
    fresh.await.expect("no call fails");
}
