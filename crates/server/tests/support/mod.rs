//! Starts the built program and talks to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The program, with these arguments.
pub fn trent(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trent"));
    command.args(arguments).stdin(Stdio::null()).env_remove("RUST_LOG");
    command
}

/// Runs to the end.
pub fn run(arguments: &[&str]) -> Output {
    trent(arguments).output().unwrap()
}

/// Runs to the end, which must be good, and gives the JSON that was printed.
pub fn json(arguments: &[&str]) -> Value {
    let output = trent(arguments).arg("--json").output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs to the end, which must be bad in this way, and gives what was complained.
pub fn fails(arguments: &[&str], status: i32) -> String {
    let output = run(arguments);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complaint}");
    complaint
}

/// A running server. It is killed when this drops.
pub struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What it said when it was ready.
    pub said: Value,
}

impl Server {
    /// Starts a development server in this folder and waits until it answers.
    pub fn dev(folder: &Path) -> Self {
        Self::start(&["dev", "--data", folder.to_str().unwrap(), "--listen", "127.0.0.1:0"])
    }

    pub fn start(arguments: &[&str]) -> Self {
        let mut child = trent(arguments).arg("--json").stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let said =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{arguments:?} did not start"));
        Self { child, output, said }
    }

    /// The address of the endpoint.
    pub fn address(&self) -> &str {
        let endpoint =
            self.said["endpoint"].as_str().or_else(|| self.said["listening"][0].as_str());
        endpoint.unwrap().trim_start_matches("http://")
    }

    /// Asks, and gives the status and the body.
    pub fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Asks for the keys with a bearer token; gives the status.
    pub fn keys(&self, token: &Value) -> u16 {
        let header = format!("Authorization: Bearer {}\r\n", token.as_str().unwrap());
        self.get("/v1/kms/nl-01/keys", &header).0
    }

    /// Sends a signal, waits for the end, and gives the status and what else was printed.
    pub fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Waits until this becomes true, for a few seconds at most.
pub fn soon(mut happens: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        if happens() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
