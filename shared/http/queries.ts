// The queries of the API, each parameter declared once.

import { JOB_STAGES } from '../domain/coa/enforcement-job.ts';
import { METHOD_WORDS } from '../domain/identity/authentication-word.ts';
import { ASSURANCES, IDENTITY_KINDS } from '../domain/identity/identity.ts';
import { MEDIA } from '../domain/medium.ts';
import { anyText, byDefault, limit, macAddress, moment, pageMark, siteName, word } from './read-query.ts';

/** RFC 2865 5: no attribute, and so no User-Name, is longer. */
const LONGEST_TEXT = 253;

export const AUDIT_QUERY = {
  since: byDefault('30d', moment('Only entries from then on')),
  site: siteName('Only entries about this site'),
  after: pageMark(/^\d{13}-[0-9a-f]{12}$/),
  limit: limit(1_000, '100'),
};

export const JOB_QUERY = {
  site: anyText('Only jobs of this site', LONGEST_TEXT),
  stage: word(JOB_STAGES, 'Only jobs in this stage'),
  device: anyText('Only jobs about this device, by its id', LONGEST_TEXT),
  session: anyText('Only jobs about this session, by its id', LONGEST_TEXT),
  since: moment('Only jobs decided from then on'),
  notEnforced: word(['true', 'false'], '`true`: only what is decided and not enforced, with what the breaker holds'),
  after: pageMark(/^\d{13}-[\w-]{1,80}$/),
  limit: limit(1_000, '100'),
};

/** Addresses and names of people belong into no URL, which logs keep. */
export const DECISION_QUERY = {
  site: anyText('Only decisions at this site', LONGEST_TEXT),
  session: anyText('Only decisions of this session', LONGEST_TEXT),
  role: anyText('Only permits with this role', LONGEST_TEXT),
  rule: anyText('Only decisions by this rule', LONGEST_TEXT),
  policy: anyText('Only decisions by this version of the policy', LONGEST_TEXT),
  standing: anyText('Only decisions about a device of this standing', LONGEST_TEXT),
  device: anyText('Only decisions about this device, by its id', LONGEST_TEXT),
  decision: word(['permit', 'deny'], 'Only such decisions'),
  nas: anyText('Only decisions for this NAS, by its NAS-Identifier or its address', LONGEST_TEXT),
  port: anyText('Only decisions for this port (NAS-Port-Id)', LONGEST_TEXT),
  method: word(METHOD_WORDS, 'Only stations that were authenticated so'),
  identity: word(IDENTITY_KINDS, 'Only decisions whose device was found by this kind of identity'),
  assurance: word(ASSURANCES, 'Only decisions whose device was found with this assurance'),
  source: anyText('Only decisions about devices of this source', LONGEST_TEXT),
  observed: word(['true'], 'Only decisions whose rule or site is only observed'),
  since: byDefault('24h', moment('Only decisions from then on')),
  until: moment('Only decisions before then'),
  after: pageMark(/^\d{13}(?:\|[0-9a-z-]{30,50}|\})$/),
  limit: limit(200, '50'),
};

export const DECISION_SEARCH = {
  ...DECISION_QUERY,
  mac: macAddress('Only decisions about this station'),
  user: anyText('Only decisions about this user', LONGEST_TEXT),
};

export const SESSION_QUERY = {
  site: anyText('Only sessions at this site', LONGEST_TEXT),
  notEnforced: word(['true', 'false'], '`true`: only live ones whose answer is not the one wanted'),
  live: word(['true', 'false'], 'Only live ones, or only those that are over'),
  after: pageMark(/^[0-9a-f]{20}$/),
  limit: limit(200, '50'),
};

export const SEARCH_QUERY = {
  q: anyText('What to look for: an address in any notation or six digits of it, a name, a number, an id', LONGEST_TEXT),
};

export const HITS_QUERY = {
  since: moment('From the hour of this moment on; a day ago unless given'),
  until: moment('Up to the hour of this moment'),
  from: moment('The same as `since`'),
  to: moment('The same as `until`'),
};

export const WHAT_IT_GETS_QUERY = {
  site: siteName('Where the device is taken to ask; else rules about sites do not hold'),
  ssid: anyText('By which SSID', 32),
  method: word(METHOD_WORDS, 'How it is taken to be authenticated'),
  medium: word(MEDIA, 'By wire, by radio or by VPN'),
  assurance: byDefault('certificate-guid', word(ASSURANCES, 'How sure its identity is taken to be')),
};

export const WHAT_IF_QUERY = {
  site: siteName('Where stored devices are taken to ask; else rules about sites do not hold'),
  medium: word(MEDIA, 'How they are taken to ask'),
  assurance: byDefault('certificate-guid', word(ASSURANCES, 'How sure their identity is taken to be')),
};
