// Error-Cause values by number and name, and what each one means for the operator of the NAS.

export interface ErrorCause {
  readonly code: number;
  readonly name: string;
}

type Row = readonly [code: number, name: string, hint: string];

/** RFC 5176 section 3.5. */
const ROWS: readonly Row[] = [
  [201, 'Residual Session Context Removed', 'The session had ended; the NAS removed what was left of it.'],
  [202, 'Invalid EAP Packet (Ignored)', 'The NAS saw an EAP packet that was never sent: look for a proxy in between.'],
  [
    401,
    'Unsupported Attribute',
    'The NAS does not know an attribute of the request: leave it out with `omit` for this NAS, switch off eventTimestamp or messageAuthenticator for it, or choose another profile.',
  ],
  [
    402,
    'Missing Attribute',
    'The NAS wants a further attribute: name it under `alsoIdentifyBy` or `send` of this NAS, or choose another profile.',
  ],
  [
    403,
    'NAS Identification Mismatch',
    'The request names another NAS: correct the address of this NAS, or send no NAS-IP-Address, NAS-IPv6-Address and NAS-Identifier.',
  ],
  [404, 'Invalid Request', 'The NAS does not understand the request: choose another profile.'],
  [405, 'Unsupported Service', 'The NAS does not offer the service that was asked for: choose another profile.'],
  [
    406,
    'Unsupported Extension',
    'The NAS does not support this kind of request: enable dynamic authorization on it, or choose a profile that uses the other kind.',
  ],
  [
    407,
    'Invalid Attribute Value',
    'An attribute has a value the NAS does not accept; on Cisco, one of several session identifiers does not match: send fewer, with `omit` for this NAS.',
  ],
  [
    501,
    'Administratively Prohibited',
    'The NAS is configured to ignore this command: look for an `ignore` line in its dynamic authorization settings.',
  ],
  [502, 'Request Not Routable (Proxy)', 'A RADIUS proxy in between does not know the NAS: send to the NAS itself.'],
  [
    503,
    'Session Context Not Found',
    'The NAS has no such session any more: the station has left, or has authenticated again. If it is still connected, an identifying attribute does not match.',
  ],
  [504, 'Session Context Not Removable', 'The NAS does not let this session be ended.'],
  [505, 'Other Proxy Processing Error', 'A RADIUS proxy in between failed; a later attempt may succeed.'],
  [506, 'Resources Unavailable', 'The NAS lacks resources at the moment; a later attempt may succeed.'],
  [507, 'Request Initiated', 'The NAS asks its RADIUS server for a new authorization.'],
  [
    508,
    'Multiple Session Selection Unsupported',
    'The attributes match several sessions: identify the session by Acct-Session-Id too.',
  ],
];

const BY_CODE = new Map(ROWS.map((row) => [row[0], row]));

/** The name as in RFC 5176, or `Error-Cause <number>` for one that RFC does not define. */
export function errorCause(code: number): ErrorCause {
  return { code, name: BY_CODE.get(code)?.[1] ?? `Error-Cause ${code}` };
}

/** What to do about it: a sentence or two for the operator. */
export function errorCauseHint(code: number): string {
  return BY_CODE.get(code)?.[2] ?? `The NAS refused with Error-Cause ${code}: look it up in its manual.`;
}
