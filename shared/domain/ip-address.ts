// IP addresses in one notation: a NAS, a proxy and accounting may each write the same address in another.

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * IPv6 as RFC 5952 writes it, IPv4 also where it is mapped into IPv6 (RFC 4291 2.5.5.2).
 * @returns `undefined` for what is no address, or names no machine (0.0.0.0, ::)
 */
export function canonicalAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (IPV4.test(trimmed)) return trimmed === '0.0.0.0' ? undefined : trimmed;
  // A zone says something to the machine only that wrote it.
  const [address = ''] = trimmed.split('%');
  if (!/^[0-9a-f:.]+$/i.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high !== undefined && low !== undefined) return ipv4Of(Number.parseInt(high, 16), Number.parseInt(low, 16));
  return canonical === '::' ? undefined : canonical;
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
