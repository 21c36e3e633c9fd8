//! Compression of requests and answers by gzip (RFC 9110, 8.4).

use super::error::malformed;
use crate::serve::message::{MAX_MESSAGE, Refusal};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use http::{HeaderMap, HeaderName, header};
use std::io::{Read as _, Write as _};
use tonic::{Status, codegen::Bytes};

pub(super) const GZIP: &str = "gzip";
/// Answers shorter than this are not compressed: that would save less than a packet.
const WORTH_IT: usize = 1_024;

/// How a request's body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    /// Another encoding, or more than one.
    Unknown,
}

impl Encoding {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = items(headers, header::CONTENT_ENCODING);
        match (values.next(), values.next()) {
            (None, _) => Self::Identity,
            (Some(value), None) if value.eq_ignore_ascii_case("identity") => Self::Identity,
            (Some(value), None) if value.eq_ignore_ascii_case(GZIP) => Self::Gzip,
            _ => Self::Unknown,
        }
    }

    /// Decompresses a body. Stops when the result is longer than the longest message.
    pub(super) fn unpack(self, body: Vec<u8>) -> Result<Vec<u8>, Status> {
        if self != Self::Gzip {
            return Ok(body);
        }
        let one_more = MAX_MESSAGE as u64 + 1;
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(body.as_slice())
            .take(one_more)
            .read_to_end(&mut unpacked)
            .map_err(|_| malformed("the body is not what gzip writes"))?;
        if unpacked.len() > MAX_MESSAGE {
            return Err(Refusal::TooLong(MAX_MESSAGE).status());
        }
        Ok(unpacked)
    }
}

/// Whether the client accepts answers compressed by gzip (RFC 9110, 12.5.3).
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    items(headers, header::ACCEPT_ENCODING).any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().trim_start_matches(['q', 'Q', '=']);
        let is_refused = !weight.is_empty() && weight.trim_end_matches(['0', '.']).is_empty();
        coding.trim().eq_ignore_ascii_case(GZIP) && !is_refused
    })
}

/// The compressed answer, if the answer is long enough for that.
pub(super) fn pack(answer: &[u8]) -> Option<Bytes> {
    if answer.len() < WORTH_IT {
        return None;
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // a write to memory does not fail
    packed.write_all(answer).ok()?;
    packed.finish().ok().map(Bytes::from)
}

/// The items of a header that is a list. A value that is not text becomes the unknown item `?`.
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let values = values.map(|value| value.to_str().unwrap_or("?"));
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let values = values.iter().map(|value| value.parse().unwrap());
        values.map(|value| (name.clone(), value)).collect()
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(body).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn the_encoding_of_a_body_is_none_or_gzip() {
        for (values, expected) in [
            (&[][..], Encoding::Identity),
            (&["identity"], Encoding::Identity),
            (&["gzip"], Encoding::Gzip),
            (&["GZip"], Encoding::Gzip),
            (&["br"], Encoding::Unknown),
            (&["gzip, gzip"], Encoding::Unknown),
            (&["gzip", "identity"], Encoding::Unknown),
            (&[""], Encoding::Unknown),
        ] {
            let headers = headers(&header::CONTENT_ENCODING, values);
            assert_eq!(Encoding::of(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn answers_are_compressed_if_the_client_accepts_gzip() {
        for (values, expected) in [
            (&[][..], false),
            (&["gzip"], true),
            (&["deflate, GZIP;q=1.0, *;q=0.5"], true),
            (&["br", "gzip"], true),
            (&["gzip;q=0.001"], true),
            (&["gzip;q=0"], false),
            (&["gzip; q=0.000"], false),
            (&["br"], false),
            (&["*"], false),
        ] {
            let headers = headers(&header::ACCEPT_ENCODING, values);
            assert_eq!(takes_gzip(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn no_more_than_a_message_is_unpacked() {
        let unpack = |body: &[u8]| Encoding::Gzip.unpack(body.to_vec());
        let longest = vec![b' '; MAX_MESSAGE];
        assert_eq!(unpack(&gzip(&longest)).unwrap(), longest);
        // two megabytes in two kilobytes
        let bomb = gzip(&vec![b' '; 2_000_000]);
        assert!(bomb.len() < MAX_MESSAGE / 10);
        let two = [gzip(&longest), gzip(b" ")].concat();
        for too_long in [bomb, two] {
            let refusal = unpack(&too_long).unwrap_err();
            assert_eq!(refusal.code(), tonic::Code::ResourceExhausted);
        }
        let whole = gzip(b"{}");
        for broken in [&b"{}"[..], b"", &whole[..whole.len() - 1], &whole[..5]] {
            let refusal = unpack(broken).unwrap_err();
            assert_eq!(refusal.code(), tonic::Code::InvalidArgument, "{broken:?}");
        }
    }

    #[test]
    fn a_short_answer_is_sent_as_it_is() {
        assert!(pack(&[b' '; WORTH_IT - 1]).is_none());
        let long = [b' '; WORTH_IT];
        let packed = pack(&long).unwrap();
        assert!(packed.len() < WORTH_IT / 10);
        assert_eq!(Encoding::Gzip.unpack(packed.to_vec()).unwrap(), long);
    }
}
