//! Reads the end of a certificate, which the library of TLS does not tell.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The field for the version, which the oldest certificates lack.
const VERSION: u8 = 0xa0;

/// `notAfter` of a certificate in DER (RFC 5280, section 4.1), in seconds since 1970; None for what is no certificate.
pub(super) fn of(certificate: &[u8]) -> Option<i64> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut to_be_signed, _) = element(certificate, SEQUENCE)?;
    if to_be_signed.first() == Some(&VERSION) {
        to_be_signed = element(to_be_signed, VERSION)?.1;
    }
    let (_serial, rest) = element(to_be_signed, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    let (_issuer, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_not_before, rest) = element(validity, *validity.first()?)?;
    let tag = *rest.first()?;
    let (not_after, _) = element(rest, tag)?;
    let text = std::str::from_utf8(not_after).ok()?;
    let text = match tag {
        // Two digits of the year: from 50 on those of the last century (RFC 5280, section 4.1.2.5.1).
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The content of the first element, which must have this tag, and what comes after it (X.690, section 8.1).
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = bytes.iter().try_fold(0_usize, |sum, byte| Some(sum.checked_mul(256)? + usize::from(*byte)))?;
        (length, rest)
    };
    let content = rest.split_at_checked(length)?;
    (found == tag).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let mut der = vec![tag];
        if let Ok(short @ 0..0x80) = u8::try_from(length) {
            der.push(short);
        } else {
            der.push(0x82);
            der.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        der.extend(content);
        der
    }

    /// A certificate as far as its end, with as much before it as real ones have.
    fn certificate(version: &[u8], not_after: &[u8]) -> Vec<u8> {
        let issuer = tagged(SEQUENCE, &[7; 300]);
        let validity = tagged(SEQUENCE, &[tagged(UTC_TIME, b"250101000000Z"), not_after.to_vec()].concat());
        let serial = tagged(INTEGER, &[1, 2, 3]);
        let to_be_signed = [version.to_vec(), serial, tagged(SEQUENCE, &[]), issuer, validity, vec![1, 2]].concat();
        tagged(SEQUENCE, &[tagged(SEQUENCE, &to_be_signed), vec![9; 64]].concat())
    }

    #[test]
    fn the_end_is_read_in_both_forms_and_with_or_without_a_version() {
        let version = tagged(VERSION, &tagged(INTEGER, &[2]));
        let soon = tagged(UTC_TIME, b"270115080000Z");
        assert_eq!(of(&certificate(&version, &soon)), Some(1_800_000_000));
        assert_eq!(of(&certificate(&[], &soon)), Some(1_800_000_000));
        assert_eq!(of(&certificate(&version, &tagged(UTC_TIME, b"991231235959Z"))), Some(946_684_799));
        let late = tagged(GENERALIZED_TIME, b"20500101000000Z");
        assert_eq!(of(&certificate(&version, &late)), Some(2_524_608_000));
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = certificate(&[], &tagged(UTC_TIME, b"270115080000Z"));
        for end in 0..whole.len() - 65 {
            assert_eq!(of(&whole[..end]), None, "{end} bytes");
        }
        assert_eq!(of(&certificate(&[], &tagged(UTC_TIME, b"tomorrow"))), None);
        assert_eq!(of(&[SEQUENCE, 0xff, 1, 2, 3]), None);
    }
}
