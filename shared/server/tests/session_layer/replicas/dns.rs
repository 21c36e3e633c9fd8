//! A name server on loopback, and a resolver that asks it: both know questions and
//! answers of type A alone (RFC 1035, section 4).

use client::channel::Resolver;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::{net::UdpSocket, task::JoinHandle};

pub(crate) struct Dns {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    answer: Vec<Ipv4Addr>,
    requested: usize,
}

impl Dns {
    pub(crate) async fn start(answer: &[Ipv4Addr]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let serving = tokio::spawn(serve(socket, Arc::clone(&state)));
        let dns = Self {
            address,
            state,
            serving,
        };
        dns.answer(answer);
        dns
    }

    /// From now on.
    pub(crate) fn answer(&self, answer: &[Ipv4Addr]) {
        self.state.lock().unwrap().answer = answer.to_vec();
    }

    /// How many questions were answered.
    pub(crate) fn requested(&self) -> usize {
        self.state.lock().unwrap().requested
    }

    pub(crate) fn resolver(&self) -> Resolver {
        let server = self.address;
        Resolver::new(move |name, port| async move {
            let addresses = send(server, &name).await?;
            Ok(addresses.into_iter().map(|ip| (ip, port).into()).collect())
        })
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

const HEADER: usize = 12;

async fn serve(socket: UdpSocket, state: Arc<Mutex<State>>) {
    let mut buffer = [0; 512];
    while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
        let question = &buffer[HEADER..length];
        let answer = {
            let mut state = state.lock().unwrap();
            state.requested += 1;
            state.answer.clone()
        };
        let mut message = buffer[..2].to_vec();
        // an answer without a fault: one question, so many records
        message.extend([
            0x81,
            0x80,
            0,
            1,
            0,
            u8::try_from(answer.len()).unwrap(),
            0,
            0,
            0,
            0,
        ]);
        message.extend(question);
        for address in answer {
            // the question's name, type A, class IN, no time to live, four bytes
            message.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
            message.extend(address.octets());
        }
        let _ = socket.send_to(&message, client).await;
    }
}

async fn send(server: SocketAddr, name: &str) -> io::Result<Vec<Ipv4Addr>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(server).await?;
    let mut message = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    socket.send(&message).await?;
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).await?;
    let records = &buffer[message.len()..length];
    let address = |record: &[u8]| Ipv4Addr::new(record[12], record[13], record[14], record[15]);
    Ok(records.chunks_exact(16).map(address).collect())
}
