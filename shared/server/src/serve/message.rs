//! Checks the frames of a gRPC request while it is read ("gRPC over HTTP2",
//! Length-Prefixed-Message). A body with a broken frame, or with a prefix that announces too long a
//! message, is refused before memory is allocated for the message.

use super::asks_about_the_server;
use contract::errors;
use http::Request;
use hyper::body::{Body as HttpBody, Frame};
use proto::auth::v1::ErrorReason;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll, ready},
};
use tonic::{Code, Status, body::Body, codegen::Bytes};

/// The longest message, in bytes. The largest filter takes about ten thousand.
pub(super) const MAX_MESSAGE: usize = 64 * 1_024;
/// The longest message of health and reflection, which contains only a name.
const MAX_QUESTION: usize = 4 * 1_024;
/// The length of the prefix of a message: one byte for compression, four for the length.
const PREFIX: usize = 5;

/// How far a request was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// Before the end of the first message.
    #[default]
    Begun,
    /// At least one message was read. The end of the request was not read yet.
    AtMessage,
    /// The request ended without a message.
    Empty,
    /// The request ended after its last message.
    Complete,
    /// The request was refused.
    Refused(Refusal),
}

/// Why the rest of a request is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The body does not consist of messages.
    Malformed,
    /// A message is longer than this.
    TooLong(usize),
}

impl Refusal {
    pub(super) fn status(self) -> Status {
        match self {
            Self::Malformed => errors::refuse(
                Code::InvalidArgument,
                ErrorReason::MessageMalformed,
                "the message is not one that this call takes, or is cut off or compressed",
            ),
            Self::TooLong(limit) => errors::refuse_for_good(
                Code::ResourceExhausted,
                ErrorReason::MessageTooLarge,
                format!("the message is longer than {limit} bytes"),
            ),
        }
    }
}

/// How far a request was read. The layer that answers the request looks at it.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    progress: Arc<Mutex<Progress>>,
    /// Why the body could not be translated into gRPC.
    untranslated: Arc<OnceLock<Status>>,
}

impl Reading {
    /// Checks the messages of a request while they are read.
    pub(super) fn of(request: Request<Body>) -> (Self, Request<Body>) {
        let limit = if asks_about_the_server(request.uri().path()) {
            MAX_QUESTION
        } else {
            MAX_MESSAGE
        };
        let reading = Self::default();
        let checked = request.map(|body| {
            Body::new(Checked {
                body,
                frames: Frames::new(limit),
                is_refused: false,
                reading: reading.clone(),
            })
        });
        (reading, checked)
    }

    pub(super) fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the body could not be translated into gRPC, if it is of another protocol.
    pub(super) fn untranslated(&self) -> Option<&Status> {
        self.untranslated.get()
    }

    fn is_at(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

/// A request's body. After a refusal, the rest of it is not read.
struct Checked {
    body: Body,
    frames: Frames,
    is_refused: bool,
    reading: Reading,
}

impl Checked {
    fn refuse(&mut self, refusal: Refusal) -> Status {
        self.is_refused = true;
        self.reading.is_at(Progress::Refused(refusal));
        refusal.status()
    }

    /// Called at the end of the body, or at its trailers.
    fn end(&mut self) -> Result<(), Status> {
        let progress = self.frames.end().map_err(|refusal| self.refuse(refusal))?;
        self.reading.is_at(progress);
        Ok(())
    }
}

impl HttpBody for Checked {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_refused {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            // only the layer that translates the body adds reasons
            Some(Err(status)) if errors::has_reason(&status) => {
                self.is_refused = true;
                // it is not set yet, because nothing is read after a refusal
                let _ = self.reading.untranslated.set(status.clone());
                return Poll::Ready(Some(Err(status)));
            }
            // the connection broke, or the body is not valid base64: in the second case, the client
            // gets this answer
            Some(Err(_)) => return Poll::Ready(Some(Err(self.refuse(Refusal::Malformed)))),
            None => return Poll::Ready(self.end().err().map(Err)),
        };
        let checked = match frame.data_ref() {
            Some(data) => match self.frames.read(data) {
                Ok(progress) => {
                    self.reading.is_at(progress);
                    Ok(())
                }
                Err(refusal) => Err(self.refuse(refusal)),
            },
            None => self.end(),
        };
        Poll::Ready(Some(checked.map(|()| frame)))
    }
}

/// Finds the frames of a body, whose pieces may have any length.
#[derive(Debug)]
struct Frames {
    limit: usize,
    prefix: [u8; PREFIX],
    /// How many bytes of the prefix have arrived.
    come: usize,
    /// How many bytes of the message are missing.
    missing: usize,
    progress: Progress,
}

impl Frames {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            prefix: [0; PREFIX],
            come: 0,
            missing: 0,
            progress: Progress::Begun,
        }
    }

    fn read(&mut self, mut data: &[u8]) -> Result<Progress, Refusal> {
        while let Some((first, rest)) = data.split_first() {
            if self.missing > 0 {
                let (_, later) = data.split_at(self.missing.min(data.len()));
                self.missing -= data.len() - later.len();
                data = later;
            } else {
                if let Some(place) = self.prefix.get_mut(self.come) {
                    *place = *first;
                }
                self.come += 1;
                data = rest;
                if self.come < PREFIX {
                    continue;
                }
                self.come = 0;
                self.missing = self.announced()?;
            }
            if self.missing == 0 {
                self.progress = Progress::AtMessage;
            }
        }
        Ok(self.progress)
    }

    /// The length of the message, from its prefix.
    fn announced(&self) -> Result<usize, Refusal> {
        let [compressed, length @ ..] = self.prefix;
        if compressed != 0 {
            return Err(Refusal::Malformed);
        }
        match usize::try_from(u32::from_be_bytes(length)) {
            Ok(length) if length <= self.limit => Ok(length),
            _ => Err(Refusal::TooLong(self.limit)),
        }
    }

    fn end(&self) -> Result<Progress, Refusal> {
        if self.come > 0 || self.missing > 0 {
            return Err(Refusal::Malformed);
        }
        Ok(match self.progress {
            Progress::AtMessage => Progress::Complete,
            _ => Progress::Empty,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// A body with messages of these lengths.
    fn framed(lengths: &[u32]) -> Vec<u8> {
        let frame = |length: &u32| {
            let content = vec![b'x'; usize::try_from(*length).unwrap()];
            testing::http2::framed(0, &content)
        };
        lengths.iter().flat_map(frame).collect()
    }

    /// Reads a body in pieces of these lengths, to its end.
    fn read(body: &[u8], pieces: &[usize]) -> Result<Progress, Refusal> {
        let mut frames = Frames::new(100);
        let mut pieces = pieces.iter().cycle();
        let mut rest = body;
        while !rest.is_empty() {
            let piece = *pieces.next().unwrap();
            let (piece, later) = rest.split_at(piece.min(rest.len()));
            frames.read(piece)?;
            rest = later;
        }
        frames.end()
    }

    proptest! {
        #[test]
        fn messages_are_found_in_pieces_of_any_length(
            lengths in vec(0_u32..=100, 0..5), pieces in vec(1_usize..20, 1..5), cut in 1_usize..105,
        ) {
            let body = framed(&lengths);
            let expected = if lengths.is_empty() { Progress::Empty } else { Progress::Complete };
            prop_assert_eq!(read(&body, &pieces), Ok(expected));
            // the last message is cut off
            if let Some(last) = lengths.last() {
                let cut = cut.min(usize::try_from(*last).unwrap() + PREFIX - 1);
                prop_assert_eq!(read(&body[..body.len() - cut], &pieces), Err(Refusal::Malformed));
            }
        }

        #[test]
        fn a_message_is_refused_by_its_prefix_alone(
            lengths in vec(0_u32..=100, 0..3), pieces in vec(1_usize..20, 1..5),
            (flag, length, expected) in prop_oneof![
                (1_u8..).prop_map(|flag| (flag, 0, Refusal::Malformed)),
                (101_u32..).prop_map(|length| (0, length, Refusal::TooLong(100))),
            ],
        ) {
            let mut body = framed(&lengths);
            body.push(flag);
            body.extend(length.to_be_bytes());
            prop_assert_eq!(read(&body, &pieces), Err(expected));
        }
    }

    #[test]
    fn a_message_is_known_to_be_whole_with_its_last_byte() {
        let mut frames = Frames::new(100);
        let body = framed(&[2, 0]);
        let progress: Vec<_> = body
            .iter()
            .map(|byte| frames.read(&[*byte]).unwrap())
            .collect();
        let (before, from_there_on) = progress.split_at(PREFIX + 1);
        assert!(before.iter().all(|at| *at == Progress::Begun));
        assert!(from_there_on.iter().all(|at| *at == Progress::AtMessage));
    }
}
