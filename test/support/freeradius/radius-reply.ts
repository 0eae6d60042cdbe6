// What a RADIUS server replied, and the reading of a reply packet into attribute names and values as radclient prints
// them.

export interface RadiusReply {
  /** `timeout`: no reply came. */
  readonly code: 'Access-Accept' | 'Access-Reject' | 'Access-Challenge' | 'timeout';
  /**
   * By name: `Filter-Id`, `Tunnel-Type:0` … Texts are unquoted, numbers decimal, octets `0x…`. Of an attribute that
   * occurs several times, the values are joined by a newline.
   */
  readonly attributes: Readonly<Record<string, string>>;
}

export const NO_REPLY: RadiusReply = { code: 'timeout', attributes: {} };

type Format = 'text' | 'number' | 'octets' | 'tagged number' | 'tagged text';

const KNOWN: Readonly<Record<number, readonly [name: string, format: Format]>> = {
  1: ['User-Name', 'text'],
  11: ['Filter-Id', 'text'],
  18: ['Reply-Message', 'text'],
  25: ['Class', 'octets'],
  27: ['Session-Timeout', 'number'],
  29: ['Termination-Action', 'number'],
  64: ['Tunnel-Type', 'tagged number'],
  65: ['Tunnel-Medium-Type', 'tagged number'],
  79: ['EAP-Message', 'octets'],
  80: ['Message-Authenticator', 'octets'],
  81: ['Tunnel-Private-Group-Id', 'tagged text'],
};

const VALUE_NAMES: Readonly<Record<string, string>> = {
  'Termination-Action 1': 'RADIUS-Request',
  'Tunnel-Type 13': 'VLAN',
  'Tunnel-Medium-Type 6': 'IEEE-802',
};

/** Reads a reply packet. A challenge is not a reply: `undefined`. */
export function readReplyPacket(packet: Buffer): RadiusReply | undefined {
  const code = packet[0];
  if (code !== 2 && code !== 3) return undefined;
  const attributes: Record<string, string> = {};
  for (let at = 20; at + 2 <= packet.length; ) {
    const length = packet.readUInt8(at + 1);
    if (length < 2) break;
    const [name, value] = readAttribute(packet.readUInt8(at), packet.subarray(at + 2, at + length));
    addAttribute(attributes, name, value);
    at += length;
  }
  return { code: code === 2 ? 'Access-Accept' : 'Access-Reject', attributes };
}

export function addAttribute(attributes: Record<string, string>, name: string, value: string): void {
  const before = attributes[name];
  attributes[name] = before === undefined ? value : `${before}\n${value}`;
}

function readAttribute(type: number, value: Buffer): [name: string, value: string] {
  const [name, format] = KNOWN[type] ?? [`Attr-${type}`, 'octets'];
  switch (format) {
    case 'text':
      return [name, value.toString('utf8')];
    case 'number':
      return [name, namedValue(name, value.readUInt32BE(0))];
    case 'octets':
      return [name, `0x${value.toString('hex')}`];
    case 'tagged number':
      return [`${name}:${value.readUInt8(0)}`, namedValue(name, value.readUIntBE(1, 3))];
    case 'tagged text': {
      // A first byte above 0x1f belongs to the text; the tag is then 0.
      const tag = value.readUInt8(0);
      return tag > 0x1f ? [`${name}:0`, value.toString('utf8')] : [`${name}:${tag}`, value.toString('utf8', 1)];
    }
  }
}

function namedValue(name: string, value: number): string {
  return VALUE_NAMES[`${name} ${value}`] ?? String(value);
}
