//! A TCP proxy that cuts a server off from its clients, and connects it again, while the server
//! itself runs on.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

/// Forwards connections to one address. It ends with this value.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
    traffic: Arc<Traffic>,
    /// Bound beside the listener, and never listening, so that no other process takes the port
    /// while connections to it are refused.
    _place: TcpSocket,
}

/// What may pass, in both directions and for all connections together.
#[derive(Debug)]
struct Traffic {
    /// How many connections clients have made.
    connections: AtomicU64,
    /// In bytes, as is what may still pass.
    passed: AtomicU64,
    allowed: AtomicU64,
    /// Whether everything may pass once a connection broke.
    once: AtomicBool,
    /// The words that no client sees answered.
    unanswered: Mutex<Option<&'static [u8]>>,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Cut,
    Hang,
    Vanish,
    BreakAfter(u64),
    BreakOnceAfter(u64),
    LoseAnswerTo(&'static [u8]),
    Restore,
}

impl TcpProxy {
    /// Listens on a free port of 127.0.0.1, on the runtime that the caller runs in.
    #[must_use]
    pub fn start(target: SocketAddr) -> Self {
        let place = socket(0).expect("a free port");
        let address = place.local_addr().expect("it is bound");
        let listener = listen(address).expect("the port is ours");
        let (orders, received) = mpsc::channel(1);
        let traffic = Arc::new(Traffic {
            connections: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            allowed: AtomicU64::new(u64::MAX),
            once: AtomicBool::new(false),
            unanswered: Mutex::default(),
        });
        let from_to = Place { address, target };
        tokio::spawn(serve(listener, from_to, received, Arc::clone(&traffic)));
        Self {
            address,
            orders,
            traffic,
            _place: place,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection, and refuses new ones, like a server that is gone.
    pub async fn cut(&self) {
        self.order(Order::Cut).await;
    }

    /// Keeps connections and accepts new ones, but passes nothing, like a server that is silent.
    pub async fn hang(&self) {
        self.order(Order::Hang).await;
    }

    /// Existing connections stay open, but pass nothing, like connections to a server that
    /// vanished. New connections are served.
    pub async fn vanish(&self) {
        self.order(Order::Vanish).await;
    }

    /// Breaks connections after this many more bytes, in both directions together: in the middle of
    /// a message, or of a word.
    pub async fn break_after(&self, bytes: u64) {
        self.order(Order::BreakAfter(bytes)).await;
    }

    /// Breaks only the connection on which the last of this many more bytes passes. Repeated calls
    /// are served.
    pub async fn break_once_after(&self, bytes: u64) {
        self.order(Order::BreakOnceAfter(bytes)).await;
    }

    /// Passes these words of a client on to the server, and breaks the connection before their
    /// answer.
    pub async fn lose_answer_to(&self, words: &'static [u8]) {
        self.order(Order::LoseAnswerTo(words)).await;
    }

    /// How many connections clients have made so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.traffic.connections.load(Ordering::SeqCst)
    }

    /// How many bytes have passed so far.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.traffic.passed.load(Ordering::SeqCst)
    }

    /// Connects the server again. What clients sent on a silent connection meanwhile arrives now.
    pub async fn restore(&self) {
        self.order(Order::Restore).await;
    }

    async fn order(&self, order: Order) {
        let (done, wait) = oneshot::channel();
        self.orders
            .send((order, done))
            .await
            .expect("the proxy runs");
        wait.await.expect("the proxy runs");
    }
}

/// Bound to a port of 127.0.0.1, as one of several.
fn socket(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    socket(address.port())?.listen(128)
}

/// From where to where.
#[derive(Clone, Copy)]
struct Place {
    address: SocketAddr,
    target: SocketAddr,
}

async fn serve(
    listener: TcpListener,
    Place { address, target }: Place,
    mut orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>,
    traffic: Arc<Traffic>,
) {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    let (mut silent, _) = watch::channel(false);
    let mut vanished = Vec::new();
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            order = orders.recv() => {
                // the proxy was dropped
                let Some((order, done)) = order else { return };
                silent.send_replace(matches!(order, Order::Hang | Order::Vanish));
                if matches!(order, Order::Vanish) {
                    let (others, _) = watch::channel(false);
                    vanished.push(std::mem::replace(&mut silent, others));
                }
                traffic.obey(order);
                if matches!(order, Order::Cut) {
                    listener = None;
                    connections.shutdown().await;
                } else if listener.is_none() {
                    listener = Some(listen(address).expect("the port is ours"));
                }
                // nobody waits who was cancelled
                let _told = done.send(());
            }
            accepted = accepted => {
                if let Ok((client, _)) = accepted {
                    traffic.connections.fetch_add(1, Ordering::SeqCst);
                    let traffic = Arc::clone(&traffic);
                    connections.spawn(forward(client, target, silent.subscribe(), traffic));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection; an error on either side ends both.
async fn forward(
    client: TcpStream,
    target: SocketAddr,
    mut silent: watch::Receiver<bool>,
    traffic: Arc<Traffic>,
) {
    if silent.wait_for(|silent| !silent).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let _no_delay = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let unanswered = AtomicBool::new(false);
    let there = pump(from_client, to_server, silent.clone(), |bytes| {
        if traffic.is_unanswered(bytes) {
            unanswered.store(true, Ordering::SeqCst);
        }
        traffic.let_pass(bytes.len())
    });
    let back = pump(from_server, to_client, silent, |bytes| {
        if unanswered.load(Ordering::SeqCst) {
            0
        } else {
            traffic.let_pass(bytes.len())
        }
    });
    let _ended = tokio::try_join!(there, back);
}

/// Passes on as many bytes as may pass, and ends when some may not.
async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut silent: watch::Receiver<bool>,
    let_pass: impl Fn(&[u8]) -> usize,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if silent.wait_for(|silent| !silent).await.is_err() {
            return Ok(());
        }
        if read == 0 {
            return to.shutdown().await;
        }
        let passing = let_pass(&buffer[..read]);
        to.write_all(&buffer[..passing]).await?;
        if passing < read {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}

impl Traffic {
    fn obey(&self, order: Order) {
        let bytes = match order {
            Order::BreakAfter(bytes) | Order::BreakOnceAfter(bytes) => bytes,
            _ => u64::MAX,
        };
        let words = match order {
            Order::LoseAnswerTo(words) => Some(words),
            _ => None,
        };
        let once = matches!(order, Order::BreakOnceAfter(_));
        self.once.store(once, Ordering::SeqCst);
        self.allowed.store(bytes, Ordering::SeqCst);
        *self.words() = words;
    }

    fn words(&self) -> MutexGuard<'_, Option<&'static [u8]>> {
        self.unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the words are among those that a client sends.
    fn is_unanswered(&self, sent: &[u8]) -> bool {
        (*self.words()).is_some_and(|words| sent.windows(words.len()).any(|part| part == words))
    }

    /// How many of so many bytes may pass; they are counted as passed.
    fn let_pass(&self, wanted: usize) -> usize {
        let less = |left: u64| match left {
            u64::MAX => Some(u64::MAX),
            left => Some(left.saturating_sub(wanted as u64)),
        };
        let left = self
            .allowed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .unwrap_or_else(|left| left);
        let passing = usize::try_from(left).map_or(wanted, |left| left.min(wanted));
        if passing < wanted && self.once.swap(false, Ordering::SeqCst) {
            self.allowed.store(u64::MAX, Ordering::SeqCst);
        }
        self.passed.fetch_add(passing as u64, Ordering::SeqCst);
        passing
    }
}
