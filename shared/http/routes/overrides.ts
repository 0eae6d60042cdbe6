// Routes about overrides.

import { json, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { MADE_OVERRIDE, OVERRIDE, OVERRIDE_REQUEST, OVERRIDES } from '../schemas/override.ts';

export const OVERRIDE_ROUTES = {
  overrides: {
    group: 'Overrides',
    methods: ['GET'],
    path: 'api/overrides',
    needs: 'read',
    summary: 'Lists overrides, newest first.',
    sites: 'Overrides of that site, and of all sites',
    answers: { 200: json('All that the client may see', OVERRIDES) },
  },
  'make-override': {
    group: 'Overrides',
    methods: ['POST'],
    path: 'api/overrides',
    needs: 'act',
    summary: 'Blocks a device, station, certificate or user, or lets it on with a role.',
    sites: 'Overrides of that site alone',
    body: {
      type: 'application/json',
      required: true,
      schema: OVERRIDE_REQUEST,
      example: { mac: 'a0:b1:c2:d3:e4:f5', block: true, until: '30d', reason: 'stolen, ticket 4711' },
    },
    answers: {
      200: json('The same one is there already', MADE_OVERRIDE),
      201: json('It is made', MADE_OVERRIDE),
    },
    refusals: {
      400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD', 'NAC_DEVICE_UNKNOWN', 'NAC_OVERRIDE_ROLE'],
      403: ['NAC_CLIENT_SITE'],
      409: ['NAC_DEVICE_AMBIGUOUS', 'NAC_OVERRIDES_FULL', 'NAC_OVERRIDES_SITE_FULL'],
      411: ['NAC_REQUEST_CHUNKED'],
    },
  },
  'end-override': {
    group: 'Overrides',
    methods: ['POST'],
    path: 'api/overrides/{id}/end',
    needs: 'act',
    summary: 'Ends an override early.',
    sites: 'Overrides of that site alone',
    parts: { id: text('Id of the override') },
    body: REASON_BODY,
    answers: { 200: json('The override that ended', OVERRIDE) },
    refusals: {
      400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'],
      403: ['NAC_CLIENT_SITE'],
      404: ['NAC_OVERRIDE_UNKNOWN'],
      411: ['NAC_REQUEST_CHUNKED'],
    },
  },
} as const satisfies Record<string, Route>;
