"""Which URLs and addresses may be called, and what an operator can allow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.outbound.guard import (
    Blocked,
    EgressRules,
    InvalidUrl,
    check_url,
    judge_addresses,
    parse_allow,
)

NOTHING = EgressRules()

PUBLIC = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1"]
PUBLIC += ["192.0.1.0", "192.0.3.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"]
PUBLIC += ["2600::1", "2001:200::1", "2003::1", "3ffe::1", "::ffff:8.8.8.8"]
DENIED = ["0.0.0.0", "10.0.0.0", "100.64.0.0", "127.255.255.255", "169.254.0.0", "172.31.255.255"]
DENIED += ["192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.255.255", "198.18.0.0"]
DENIED += ["198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "255.255.255.255"]
DENIED += ["168.63.129.16", "::", "::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1"]
DENIED += ["64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::"]
DENIED += ["3fff::1", "3fff:fff::1", "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "ff02::1"]
DENIED += ["2600::1%1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    judge_addresses([address], NOTHING)


@pytest.mark.parametrize("address", DENIED)
def test_any_other_address_may_not(address: str) -> None:
    with pytest.raises(Blocked, match="CRONPP_EGRESS_ALLOW"):
        judge_addresses([address], NOTHING)


def test_one_private_answer_refuses_all() -> None:
    with pytest.raises(Blocked, match=r"mixed\.example leads to an address that may not be called"):
        judge_addresses(["1.1.1.1", "10.0.0.1"], NOTHING, host="mixed.example")


@pytest.mark.parametrize(
    ("url", "sent_as"),
    [
        ("https://bücher.example.com/", "https://xn--bcher-kva.example.com/"),
        ("https://BÜCHER.example.com", "https://xn--bcher-kva.example.com/"),
        ("HTTP://Good.Example.:80/a", "http://good.example/a"),
        ("https://good.example:8443?q=1#part", "https://good.example:8443/?q=1"),
        (
            "https://good.example/ä%20/../b?ü=%C3%BC",
            "https://good.example/%C3%A4%20/../b?%C3%BC=%C3%BC",
        ),
        ("https://[2606:4700::1111]:444/", "https://[2606:4700::1111]:444/"),
        ("https://my_host.good.example/", "https://my_host.good.example/"),
    ],
)
def test_a_url_is_sent_as_it_was_given(url: str, sent_as: str) -> None:
    assert check_url(url, NOTHING).url == sent_as


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0.1.:80/",
        "http://1.2.3.4.5/",
        "http://example.0x7f/",
        "http://１２７.0.0.1/",
        "http://١٢٧.example/",
        "http://exam。ple/",
        "http://\u212aelvin.example/",  # the Kelvin sign turns into k
        "http://good\u00ad.example/",
        "http://[::1%25eth0]/",
        "http://[::1/",
        "http://[::1]x/",
        "http://user@good.example/",
        "http://:pass@good.example/",
        "http://good.example:/",
        "http://good.example:0/",
        "http://good.example:080/",
        "http://good.example:8o/",
        "http://good..example/",
        "http://-good.example/",
        "http://good.example/a b",
        "http://good.example/\r\nX: 1",
        "http:good.example",
        "http:///good.example",
        "//good.example/",
        "ftp://good.example/",
        "javascript:alert(1)",
        "",
        "http://good.example/" + "a" * 2_048,
        "http://good.example/\ud800",
    ],
)
def test_what_is_not_plainly_one_host_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        check_url(url, NOTHING)


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        target = check_url(f"http://{text}", NOTHING)
    except (InvalidUrl, Blocked):
        return
    assert target.url.isascii()
    assert check_url(target.url, NOTHING) == target


@pytest.mark.parametrize("name", ["localhost", "db", "printer.local", "vault.internal", "nas.lan"])
def test_an_internal_name_is_refused_until_it_is_allowed(name: str) -> None:
    with pytest.raises(Blocked, match=f"add {name} to CRONPP_EGRESS_ALLOW"):
        check_url(f"http://{name}/", NOTHING)
    assert check_url(f"http://{name}/", parse_allow(name)).host == name


def test_a_port_of_another_protocol_is_refused_until_it_is_allowed() -> None:
    with pytest.raises(Blocked, match="add :6379 to CRONPP_EGRESS_ALLOW"):
        check_url("http://good.example:6379/", NOTHING)
    check_url("http://good.example:6379/", parse_allow(":6379"))


def test_ranges_and_single_addresses_can_be_allowed() -> None:
    rules = parse_allow(" 127.0.0.1/32, 10.2.0.0/16 ,::1, fd12::/16,192.168.1.1,")
    judge_addresses(["127.0.0.1", "10.2.255.1", "::1", "fd12::1", "192.168.1.1"], rules)
    for address in ("127.0.0.2", "10.3.0.0", "192.168.1.2"):
        with pytest.raises(Blocked):
            judge_addresses([address], rules)


def test_an_allowed_name_may_lead_to_a_private_address_and_no_other_name_may() -> None:
    rules = parse_allow("wiki.example")
    judge_addresses(["10.0.0.1"], rules, host="wiki.example")
    with pytest.raises(Blocked):
        judge_addresses(["10.0.0.1"], rules, host="other.example")


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254"])
def test_a_metadata_address_opens_only_when_named_itself(address: str) -> None:
    wide = parse_allow("0.0.0.0/0,::/0,sneaky.example")
    with pytest.raises(Blocked, match=f"name {address} itself in CRONPP_EGRESS_ALLOW"):
        judge_addresses([address], wide)
    with pytest.raises(Blocked):
        judge_addresses([address], wide, host="sneaky.example")
    judge_addresses([address], parse_allow(address))


TO_METADATA = ["64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1"]
TO_METADATA += ["2001:0:1:1::5601:5601", "::169.254.169.254", "::ffff:0:169.254.169.254"]
TO_METADATA += ["2a01:4f8:0:a::168.63.129.16", "fd00:64::6464:64c8", "fd00:ec2::254%1"]


@pytest.mark.parametrize("allowed", ["::/0", "inside.example"])
@pytest.mark.parametrize("address", TO_METADATA)
def test_no_translator_leads_to_a_metadata_address(address: str, allowed: str) -> None:
    """As on hosts without IPv4, where the prefix of NAT64 has to be allowed."""
    with pytest.raises(Blocked):
        judge_addresses([address], parse_allow(allowed), host="inside.example")


def test_what_is_allowed_or_shut_may_be_spelled_as_ipv6() -> None:
    rules = parse_allow("::ffff:10.0.0.0/104,64:ff9b::/96,!::ffff:10.9.0.0/112")
    judge_addresses(["10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"], rules)
    for shut in ("10.9.0.1", "::ffff:10.9.0.1", "64:ff9b::10.9.0.1", "192.168.0.1"):
        with pytest.raises(Blocked):
            judge_addresses([shut], rules)


def test_an_address_with_a_zone_is_never_called() -> None:
    with pytest.raises(Blocked):
        judge_addresses(["fe80::1%eth0"], parse_allow("fe80::/10"))


def test_an_address_can_be_shut_though_it_is_public() -> None:
    with pytest.raises(Blocked, match="blocked by CRONPP_EGRESS_ALLOW"):
        judge_addresses(["5.6.7.8"], parse_allow("0.0.0.0/0,!5.6.7.0/24"))


@pytest.mark.parametrize(
    "entry", ["10.0.0.0/33", "10.0.0.1/8", "1.2.3", ":99999", ":x", "ho st", "a..b", "!x", "::zz"]
)
def test_a_bad_entry_of_the_allow_list_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="CRONPP_EGRESS_ALLOW") as refusal:
        parse_allow(f"127.0.0.1, {entry}")
    assert repr(entry) in str(refusal.value)
