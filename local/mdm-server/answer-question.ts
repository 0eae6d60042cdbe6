// Answers the questions of Cisco's MDM dialect, versions 1 to 3, from the fleet of the simulated server.

import type { AnswerHeaders, HttpExchange } from '../intune-tenant/http-exchange.ts';
import type { ServedDevice } from './served-device.ts';
import type { DeviceKeyName, ServedFleet } from './served-fleet.ts';
import type { ServerBehaviour } from './server-behaviour.ts';
import { type AskedBy, devicesDocument, informationDocument } from './write-dialect.ts';

export interface QuestionContext {
  readonly fleet: ServedFleet;
  readonly behaviour: ServerBehaviour;
  /** Path before `/ciscoise/mdminfo`. */
  readonly instance: string;
  readonly baseUrl: string;
}

export type QuestionKind = 'information' | 'device' | 'list' | 'unknown';

interface Asked {
  readonly paging: string;
  readonly criterion: string;
  readonly value: string;
  readonly version: number;
}

const KEYS: Readonly<Record<string, number>> = { macaddress: 1, udid: 2, imei: 2, meid: 2, guid: 3 };

/** What the request asks for, so that scripts and counts can tell questions apart. */
export function kindOf(exchange: HttpExchange, context: QuestionContext): QuestionKind {
  if (isInformation(exchange.path, context)) return 'information';
  const asked = readDevicesQuestion(exchange, context);
  if (asked === undefined) return 'unknown';
  return asked.criterion === 'compliance' || asked.criterion === '' ? 'list' : 'device';
}

export function answerQuestion(exchange: HttpExchange, context: QuestionContext): void {
  const { behaviour } = context;
  if (exchange.method !== 'GET') answerXml(exchange, 405, '', { allow: 'GET' });
  else if (isInformation(exchange.path, context)) answerInformation(exchange, context);
  else {
    const asked = readDevicesQuestion(exchange, context);
    if (asked === undefined) answerXml(exchange, 404, '');
    else if (asked.criterion === 'compliance' || asked.criterion === '') answerList(exchange, context, asked);
    else if ((KEYS[asked.criterion] ?? Number.POSITIVE_INFINITY) <= behaviour.newestVersion) {
      answerDevice(exchange, context, asked);
    } else answerXml(exchange, 400, '');
  }
}

function isInformation(path: string, { instance }: QuestionContext): boolean {
  return path === `${instance}/ciscoise/mdminfo` || path === `${instance}/ciscoise/mdminfo/`;
}

function answerInformation(exchange: HttpExchange, { behaviour, baseUrl }: QuestionContext): void {
  const parameter = exchange.query.get('ise_api_version');
  if (parameter !== null && !behaviour.informationByParameter) {
    answerXml(exchange, 404, '');
    return;
  }
  const asked = /^\d{1,3}$/.test(parameter ?? '1') ? Number(parameter ?? '1') : 0;
  if (asked < 1) {
    answerXml(exchange, 400, '');
    return;
  }
  const { newestVersion, versionAnswer } = behaviour;
  const version = versionAnswer === 'own' ? newestVersion : Math.min(newestVersion, asked);
  const fields = {
    name: 'mdminfo',
    ...(versionAnswer !== 'absent' && { api_version: String(version) }),
    api_path: behaviour.apiPath,
    redirect_url: `${baseUrl}/enrol`,
    ...(behaviour.queryMaxSize > 0 && { query_max_size: String(behaviour.queryMaxSize) }),
    messaging_support: 'false',
    ...(version >= 3 && { vendor: 'Example', product_name: 'Simulated MDM server', product_version: '1.0' }),
  };
  answerXml(exchange, 200, informationDocument(fields, behaviour));
}

/** Version 1 asks by path, later ones by query. */
function readDevicesQuestion(exchange: HttpExchange, { behaviour }: QuestionContext): Asked | undefined {
  const root = `${behaviour.apiPath}/devices`;
  if (exchange.path !== root && !exchange.path.startsWith(`${root}/`)) return undefined;
  const steps = exchange.path.slice(root.length + 1).split('/');
  if (exchange.path === root || (steps.length === 1 && steps[0] === '')) {
    const { query } = exchange;
    if (behaviour.newestVersion < 2 || query.get('paging') === null || query.get('filter') === null) return undefined;
    return {
      paging: query.get('paging') ?? '0',
      criterion: query.get('querycriteria') ?? '',
      value: query.get('value') ?? '',
      version: behaviour.newestVersion,
    };
  }
  const [paging = '0', criterion = '', value = ''] = steps.map((step) => decodeURIComponent(step));
  if (steps.length === 2) return { paging, criterion: '', value: '', version: 1 };
  return steps.length === 4 ? { paging, criterion, value, version: 1 } : undefined;
}

function answerDevice(exchange: HttpExchange, { fleet, behaviour }: QuestionContext, asked: Asked): void {
  const found = fleet.findAll(asked.criterion as DeviceKeyName, asked.value);
  const [device] = found;
  const others = fleet.all().filter((each) => each !== device);
  const devices = behaviour.answersOther ? others.slice(0, 1) : found;
  if (device === undefined && behaviour.unknownDevice === 'notFound') {
    answerXml(exchange, 404, '');
    return;
  }
  const unregistered = behaviour.unknownDevice === 'notRegistered' && device === undefined ? [stranger(asked)] : [];
  const askedBy: AskedBy =
    asked.criterion === 'macaddress' ? 'macaddress' : asked.criterion === 'guid' ? 'guid' : 'other';
  const isBusy = behaviour.busySeconds > 0 && behaviour.busyAnswer === 'noDevices';
  const document = devicesDocument(
    {
      version: asked.version,
      devices: isBusy ? [] : [...devices, ...unregistered],
      askedBy,
      macAddress: askedBy === 'macaddress' && !behaviour.answersOther ? asked.value : undefined,
      pagingInfo: behaviour.lastPage === 'absent' ? undefined : '0',
    },
    behaviour,
  );
  answerXml(exchange, 200, document);
}

/** A device that the server has heard of, and does not manage. */
function stranger({ criterion, value }: Asked): ServedDevice {
  return {
    guid: criterion === 'guid' ? value : '',
    name: '',
    macAddresses: criterion === 'macaddress' ? [value] : [],
    registered: false,
    compliant: null,
    ...{ failureReason: '', remediation: '', diskEncrypted: false, pinLocked: false, jailBroken: false },
    ...{ manufacturer: '', model: '', imei: '', meid: '', udid: '', serialNumber: '', osVersion: '', phoneNumber: '' },
    lastCheckIn: 0,
  };
}

/** `paging` is the number of devices that came before. */
function answerList(exchange: HttpExchange, { fleet, behaviour }: QuestionContext, asked: Asked): void {
  if (!/^\d{1,9}$/.test(asked.paging)) {
    answerXml(exchange, 400, '');
    return;
  }
  const wanted = asked.criterion === '' ? undefined : asked.value === 'true';
  const listed = fleet.all().filter((each) => wanted === undefined || (each.registered && each.compliant === wanted));
  const size = behaviour.ignoresPageSize ? listed.length : behaviour.queryMaxSize || 5000;
  const start = Number(asked.paging);
  const isBusy = behaviour.busySeconds > 0 && behaviour.busyAnswer === 'noDevices';
  const byAddress = exchange.query.get('deviceidentifier') === 'macaddress' || asked.version < 3;
  const document = devicesDocument(
    {
      version: asked.version,
      devices: isBusy ? [] : listed.slice(start, start + size),
      askedBy: byAddress ? 'macaddress' : 'guid',
      pagingInfo: placeBehind(start, size, listed.length, behaviour),
    },
    behaviour,
  );
  answerXml(exchange, 200, document);
}

function placeBehind(start: number, size: number, length: number, behaviour: ServerBehaviour): string | undefined {
  const page = Math.floor(start / Math.max(size, 1)) + 1;
  if (behaviour.repeatedPage === page) return String(start || size);
  if (behaviour.listGoesRound) return String(start === size ? size * 2 : size);
  if (behaviour.listNeverEnds || start + size < length) return String(start + size);
  return { zero: '0', absent: undefined, empty: '' }[behaviour.lastPage];
}

export function answerXml(exchange: HttpExchange, status: number, body: string, headers: AnswerHeaders = {}): void {
  exchange.answer(status, { 'content-type': 'application/xml', ...headers }, body);
}
