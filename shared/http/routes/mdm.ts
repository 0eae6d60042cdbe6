// Cisco's MDM API, by a path that takes whatever follows: the dialect knows slashes at ends, doubled ones, and
// parameters as segments. shared/mdm-api/ reads them, and docs/cisco-ise.md lists what is served.

import { DIALECT_MEDIA_TYPE } from '../../domain/mdm-dialect.ts';
import type { Route } from '../route.ts';
import { text } from '../schema.ts';

/** Bytes: a hundred devices, each by at most 128 bytes, with their elements. */
const LARGEST_BODY = 32_768;

const REST = text('`mdminfo`, or what its `api_path` leads to; it may have slashes');

const OF_MDM_API = {
  group: 'Cisco’s MDM API',
  methods: ['GET', 'POST', 'PUT'],
  needs: 'ask-mdm',
  takesBasic: true,
  speaksXml: true,
  summary: 'Answers Cisco ISE, versions 1 to 3: mdminfo, devices, batches; actions and messages by a refusal.',
  sites: 'Devices of the sources that count at the site, and its overrides',
  body: {
    type: DIALECT_MEDIA_TYPE,
    required: false,
    schema: text('Of a batch, an action or a message: a document `ise_api`, or a form'),
  },
  largestBody: LARGEST_BODY,
  answers: {
    200: {
      description: 'The answer; no device, where none is enrolled that is so called',
      content: { [DIALECT_MEDIA_TYPE]: text('A document `ise_api`, as docs/cisco-ise.md describes it') },
    },
  },
  refusals: {
    400: ['NAC_REQUEST_FIELD', 'NAC_MDM_QUESTION', 'NAC_REQUEST_NOT_XML'],
    404: ['NAC_MDM_PATH'],
    411: ['NAC_REQUEST_CHUNKED'],
  },
} as const;

export const MDM_ROUTES = {
  ciscoise: { ...OF_MDM_API, path: 'ciscoise/{*rest}', parts: { rest: REST } },
  'ciscoise-instance': {
    ...OF_MDM_API,
    path: '{instance}/ciscoise/{*rest}',
    parts: { instance: text('What ISE calls the instance name; it makes no difference'), rest: REST },
  },
} as const satisfies Record<string, Route>;
