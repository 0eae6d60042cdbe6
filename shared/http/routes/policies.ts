// Routes about versions of policy.yaml and the lists that they name. A client that may only read gets 403 from a route
// that changes them.

import { HITS_QUERY, WHAT_IF_QUERY } from '../queries.ts';
import { anyText } from '../read-query.ts';
import { json, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { POLICY_OVERVIEW, RULE_HITS, UPLOADED_MAC_LIST, UPLOADED_POLICY, WHAT_IF_REPORT } from '../schemas/policy.ts';
import { CHANGES, REASON_HEADER, REASON_PROBLEMS } from './changes.ts';

/** Bytes: a policy has at most 100,000 characters, and names may be in any language. */
const LARGEST_POLICY = 262_144;

const VERSION = { version: text('Name of the version') };
const LIST = { list: text('Name of the list') };
const POLICY = text('A policy.yaml');
const MAC_LIST = text('An address, or the beginning of one, on each line');

export const POLICY_ROUTES = {
  policies: {
    group: 'Policies',
    methods: ['GET'],
    path: 'api/policies',
    needs: 'read',
    summary: 'Shows which version is in force, and what else is there.',
    answers: { 200: json('The overview', POLICY_OVERVIEW) },
  },
  'policy-hits': {
    group: 'Policies',
    methods: ['GET'],
    path: 'api/policies/hits',
    needs: 'read',
    summary: 'Says how often each rule decided within a time.',
    sites: 'Decisions at that site alone',
    query: HITS_QUERY,
    answers: { 200: json('Rules and their hits', RULE_HITS) },
    refusals: { 400: ['NAC_REQUEST_FIELD'] },
  },
  'policy-text': {
    group: 'Policies',
    methods: ['GET'],
    path: 'api/policies/{version}',
    needs: 'read',
    summary: 'Gives the text of a version, as it was uploaded.',
    parts: VERSION,
    answers: { 200: { description: 'The file', content: { 'application/yaml': POLICY } } },
    refusals: { 400: ['NAC_POLICY_VERSION'] },
  },
  'upload-policy': {
    group: 'Policies',
    methods: ['PUT'],
    path: 'api/policies/{version}',
    needs: 'administer',
    summary: 'Stores a version, which changes nothing yet.',
    parts: VERSION,
    headers: REASON_HEADER,
    body: { type: 'application/yaml', required: true, schema: POLICY },
    largestBody: LARGEST_POLICY,
    answers: {
      200: json('The very same is there already', UPLOADED_POLICY),
      201: json('It is stored', UPLOADED_POLICY),
    },
    refusals: { ...CHANGES, 400: ['NAC_REQUEST_FIELD', 'NAC_POLICY', 'NAC_POLICY_VERSION'] },
  },
  'activate-policy': {
    group: 'Policies',
    methods: ['POST'],
    path: 'api/policies/{version}/activate',
    needs: 'administer',
    summary: 'Puts a version into force, all at once.',
    parts: VERSION,
    body: REASON_BODY,
    answers: { 200: json('The overview', POLICY_OVERVIEW) },
    refusals: { ...CHANGES, 400: [...REASON_PROBLEMS, 'NAC_POLICY', 'NAC_POLICY_VERSION'] },
  },
  'roll-back-policy': {
    group: 'Policies',
    methods: ['POST'],
    path: 'api/policies/rollback',
    needs: 'administer',
    summary: 'Brings the version before back into force.',
    query: { from: anyText('Only if this version is in force, so that a repetition does no harm', 64) },
    body: REASON_BODY,
    answers: { 200: json('The overview', POLICY_OVERVIEW) },
    refusals: { ...CHANGES, 400: [...REASON_PROBLEMS, 'NAC_POLICY_VERSION'] },
  },
  'what-if': {
    group: 'Policies',
    methods: ['POST'],
    path: 'api/policies/what-if',
    needs: 'read',
    summary: 'Says what a draft would change, and writes nothing.',
    sites: 'Sessions of that site alone, and devices that ask there',
    query: WHAT_IF_QUERY,
    body: { type: 'application/yaml', required: true, schema: POLICY },
    largestBody: LARGEST_POLICY,
    answers: { 200: json('The comparison', WHAT_IF_REPORT) },
    refusals: { ...CHANGES, 400: ['NAC_REQUEST_FIELD', 'NAC_POLICY'] },
  },
  'mac-list': {
    group: 'Policies',
    methods: ['GET'],
    path: 'api/mac-lists/{list}',
    needs: 'read',
    summary: 'Gives the addresses of a list that policies may name.',
    parts: LIST,
    answers: {
      200: { description: 'Hexadecimal digits, one address on each line', content: { 'text/plain': MAC_LIST } },
    },
    refusals: { 400: ['NAC_MAC_LIST_NAME'] },
  },
  'upload-mac-list': {
    group: 'Policies',
    methods: ['PUT'],
    path: 'api/mac-lists/{list}',
    needs: 'administer',
    summary: 'Stores a list of addresses.',
    parts: LIST,
    headers: REASON_HEADER,
    body: { type: 'text/plain', required: true, schema: MAC_LIST },
    largestBody: LARGEST_POLICY,
    answers: {
      200: json('The very same is there already', UPLOADED_MAC_LIST),
      201: json('It is stored', UPLOADED_MAC_LIST),
    },
    refusals: { ...CHANGES, 400: ['NAC_REQUEST_FIELD', 'NAC_MAC_LIST', 'NAC_MAC_LIST_NAME'] },
  },
} as const satisfies Record<string, Route>;
