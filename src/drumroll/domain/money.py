"""Money as integer minor units of an ISO 4217 currency, and how it is shown to people."""

from __future__ import annotations

_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
    CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
    KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: dict[str, int] = {
    code: exponent for exponent, codes in ((2, _TWO), (0, _NONE), (3, _THREE)) for code in codes.split()
}
"""The active ISO 4217 currencies and their decimals: 2 means that a hundred minor units are one unit.

Left out are the codes that nobody can pay a deposit in: funds and units of account, metals, test codes.
"""


def format_minor(amount_minor: int, currency: str) -> str:
    """An amount for people to read. The currency is one of ``EXPONENTS``.

    >>> format_minor(500_000, "CNY"), format_minor(5_000, "JPY"), format_minor(-1_234, "KWD")
    ('5,000.00 CNY', '5,000 JPY', '-1.234 KWD')
    """
    exponent = EXPONENTS[currency]
    units, rest = divmod(abs(amount_minor), 10**exponent)
    decimals = f".{rest:0{exponent}d}" if exponent else ""
    return f"{'-' if amount_minor < 0 else ''}{units:,}{decimals} {currency}"
