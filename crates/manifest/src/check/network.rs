//! Networks and addresses (ruling N12).
//!
//! A network that is read differently here and in a cluster would prove nothing.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::fields::text;
use crate::problem::{ValueError, Warning};
use crate::reader::{Read, Reader};
use crate::yaml::Tree;

/// A network; host bits are masked and reported.
pub(crate) fn network(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<IpNet> {
    let written = text(node, field, reader)?;
    let read = parse(written, reader.fails_closed());
    let (network, complaint) = match read {
        Ok(read) => read,
        Err(error) => return Err(reader.refuse(node.span(), error)),
    };
    if let Some(error) = complaint {
        reader.refuse(node.span(), error);
    }
    let masked = network.trunc();
    if masked != network {
        let (written, read) = (written.to_owned(), masked.to_string());
        reader.warn(node.span(), Warning::HostBits { written, read });
    }
    Ok(masked)
}

/// The network and what is wrong with it although it can be read. An object that a cluster holds
/// already is read as the API server reads it (`lenient`).
fn parse(written: &str, lenient: bool) -> Result<(IpNet, Option<ValueError>), ValueError> {
    let plain = without_leading_zeros(written);
    let Ok(network) = plain.parse::<IpNet>() else {
        let near = written.parse::<IpAddr>().ok().map(|address| IpNet::from(address).to_string());
        return Err(ValueError::BadCidr { value: written.to_owned(), near });
    };
    if plain == written {
        return unmap(network, written, lenient);
    }
    let error = ValueError::LeadingZeros { value: written.to_owned() };
    if lenient { Ok((network, Some(error))) } else { Err(error) }
}

fn unmap(
    network: IpNet,
    written: &str,
    lenient: bool,
) -> Result<(IpNet, Option<ValueError>), ValueError> {
    let IpNet::V6(six) = network else { return Ok((network, None)) };
    let Some(four) = six.addr().to_ipv4_mapped() else { return Ok((network, None)) };
    let error = ValueError::MappedCidr { value: written.to_owned() };
    let length = six.prefix_len().checked_sub(96);
    match length.and_then(|length| IpNet::new(four.into(), length).ok()) {
        Some(network) if lenient => Ok((network, Some(error))),
        _ => Err(error),
    }
}

/// The library takes leading zeros as decimal, so they must be found here. Groups of an IPv6
/// address may have them.
fn without_leading_zeros(written: &str) -> String {
    let Some((address, length)) = written.split_once('/') else { return written.to_owned() };
    let trim = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let octets = |address: &str| address.split('.').map(trim).collect::<Vec<_>>().join(".");
    let address = if address.contains(':') { address.to_owned() } else { octets(address) };
    format!("{address}/{}", trim(length))
}

/// An address.
pub(crate) fn address(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<IpAddr> {
    let value = text(node, field, reader)?;
    value
        .parse()
        .map_err(|_| reader.refuse(node.span(), ValueError::BadAddress { value: value.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_reads_what_a_file_refuses() {
        let net = |text: &str| text.parse::<IpNet>().ok();
        for (written, meant) in
            [("010.0.0.0/8", "10.0.0.0/8"), ("::ffff:10.0.0.0/104", "10.0.0.0/8")]
        {
            assert!(parse(written, false).is_err(), "{written}");
            assert_eq!(parse(written, true).ok().map(|(network, _)| network), net(meant));
        }
        assert!(parse("10.0.0.0", true).is_err());
        assert!(parse("10.0.0.0/33", true).is_err());
    }
}
