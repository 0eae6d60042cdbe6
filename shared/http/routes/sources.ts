// Routes about versions of sources.yaml. They carry no secret: the file names settings. A client of one site does not
// read it, since it names the tenants and servers of every site.

import { anyText } from '../read-query.ts';
import { json, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { SOURCES_OVERVIEW, UPLOADED_SOURCES } from '../schemas/sources.ts';
import { CHANGES, REASON_HEADER, REASON_PROBLEMS } from './changes.ts';

/** Bytes: a file has at most 100,000 characters, and comments may be in any language. */
const LARGEST_SOURCES = 262_144;

const VERSION = { version: text('Name of the version') };
const SOURCES = text('A sources.yaml');

export const SOURCES_ROUTES = {
  sources: {
    group: 'Sources',
    methods: ['GET'],
    path: 'api/sources',
    needs: 'read',
    summary: 'Shows which version of sources.yaml is in force, and what else is there.',
    answers: { 200: json('The overview', SOURCES_OVERVIEW) },
  },
  'sources-text': {
    group: 'Sources',
    methods: ['GET'],
    path: 'api/sources/{version}',
    needs: 'read',
    summary: 'Gives the text of a version, as it was uploaded.',
    sites: 'Nothing: it names the tenants and servers of every site',
    parts: VERSION,
    answers: { 200: { description: 'The file', content: { 'application/yaml': SOURCES } } },
    refusals: { 400: ['NAC_SOURCES_VERSION'], 403: ['NAC_CLIENT_SITE'] },
  },
  'upload-sources': {
    group: 'Sources',
    methods: ['PUT'],
    path: 'api/sources/{version}',
    needs: 'administer',
    summary: 'Stores a version, which changes nothing yet.',
    parts: VERSION,
    headers: REASON_HEADER,
    body: { type: 'application/yaml', required: true, schema: SOURCES },
    largestBody: LARGEST_SOURCES,
    answers: {
      200: json('The very same is there already', UPLOADED_SOURCES),
      201: json('It is stored', UPLOADED_SOURCES),
    },
    refusals: { ...CHANGES, 400: ['NAC_REQUEST_FIELD', 'NAC_SOURCES', 'NAC_SOURCES_VERSION'] },
  },
  'activate-sources': {
    group: 'Sources',
    methods: ['POST'],
    path: 'api/sources/{version}/activate',
    needs: 'administer',
    summary: 'Puts a version into force: every process goes by it within a minute.',
    parts: VERSION,
    body: REASON_BODY,
    answers: { 200: json('The overview', SOURCES_OVERVIEW) },
    refusals: { ...CHANGES, 400: [...REASON_PROBLEMS, 'NAC_SOURCES', 'NAC_SOURCES_VERSION'] },
  },
  'roll-back-sources': {
    group: 'Sources',
    methods: ['POST'],
    path: 'api/sources/rollback',
    needs: 'administer',
    summary: 'Brings the version before back into force.',
    query: { from: anyText('Only if this version is in force, so that a repetition does no harm', 64) },
    body: REASON_BODY,
    answers: { 200: json('The overview', SOURCES_OVERVIEW) },
    refusals: { ...CHANGES, 400: [...REASON_PROBLEMS, 'NAC_SOURCES_VERSION'] },
  },
} as const satisfies Record<string, Route>;
