// The RADIUS packet codes of Dynamic Authorization, RFC 5176 section 2.3.

export const PACKET_CODE = {
  'Disconnect-Request': 40,
  'Disconnect-ACK': 41,
  'Disconnect-NAK': 42,
  'CoA-Request': 43,
  'CoA-ACK': 44,
  'CoA-NAK': 45,
} as const;

/** The two packets that a Dynamic Authorization client sends. */
export type RequestPacket = 'CoA-Request' | 'Disconnect-Request';
