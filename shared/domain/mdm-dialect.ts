// The words of Cisco's MDM API, versions 1 to 3, as Cisco's own descriptions of it have them (DevNet, "Mobile Device
// Management APIs", version 3.0.0 and "older versions"): both who serves it and who asks in it use these.

/** Versions of the dialect that there are; 3 brought the GUID (ISE 3.1). */
export const DIALECT_VERSIONS = [1, 2, 3] as const;
export type DialectVersion = (typeof DIALECT_VERSIONS)[number];

/** The path behind the host and, where there is one, the instance: all others are where mdminfo says. */
export const MDMINFO_PATH = '/ciscoise/mdminfo';
/** Integer: the newest version that the asker speaks; the answer's may be older, never newer. */
export const VERSION_PARAMETER = 'ise_api_version';
/** Media type of every request and answer. */
export const DIALECT_MEDIA_TYPE = 'application/xml';
/** Element that every document begins with. */
export const ROOT_ELEMENT = 'ise_api';

/** What the element `name` of an answer says that it is. */
export const ANSWER_NAMES = {
  information: 'mdminfo',
  devices: 'attributes',
  action: 'action',
  message: 'sendmessage',
} as const;

/** Elements of an mdminfo answer, in Cisco's order. The last three must be there in version 3. */
export const INFORMATION_ELEMENTS = {
  name: 'name',
  version: 'api_version',
  path: 'api_path',
  redirectUrl: 'redirect_url',
  queryMaxSize: 'query_max_size',
  messagingSupport: 'messaging_support',
  vendor: 'vendor',
  productName: 'product_name',
  productVersion: 'product_version',
} as const;
/** Devices of one page, where mdminfo does not say. */
export const DEFAULT_QUERY_MAX_SIZE = 5_000;

/** Last segments of the paths below `api_path`. */
export const RESOURCES = {
  devices: 'devices',
  batchDevices: 'batchdevices',
  action: 'action',
  message: 'sendmessage',
} as const;

/** Parameters of `devices` and `batchdevices`. */
export const QUERY_PARAMETERS = {
  paging: 'paging',
  criterion: 'querycriteria',
  value: 'value',
  filter: 'filter',
  /** Version 3, beside `querycriteria=compliance`: which key each device of the list is given by. */
  deviceIdentifier: 'deviceidentifier',
} as const;
/** What `filter` says for every attribute; otherwise names of attributes, joined by `+`. */
export const EVERY_ATTRIBUTE = 'all';

/** Values of `querycriteria`; `guidhn` is a host name. */
export const CRITERIA = ['macaddress', 'compliance', 'username', 'meid', 'udid', 'imei', 'guid', 'guidhn'] as const;
export type Criterion = (typeof CRITERIA)[number];
/** The version that brought each of them. */
export const CRITERION_SINCE: Readonly<Record<Criterion, DialectVersion>> = {
  macaddress: 1,
  compliance: 1,
  username: 1,
  meid: 2,
  udid: 2,
  imei: 2,
  guid: 3,
  guidhn: 3,
};
/** Values of `deviceidentifier`. */
export const DEVICE_IDENTIFIERS = ['guid', 'macaddress'] as const;
export type DeviceIdentifier = (typeof DEVICE_IDENTIFIERS)[number];
/** Bytes of a `guid` at most. */
export const LONGEST_GUID = 128;

/** Elements around the devices of an answer. */
export const ANSWER_ELEMENTS = {
  name: 'name',
  version: 'api_version',
  /** Integer: the `paging` of the next question; 0, or absent, when this was all. */
  pagingInfo: 'paging_info',
  /** Version 3, integer: seconds that the server asks to be left alone. */
  serverBusySeconds: 'server_busy_wait_seconds',
  deviceList: 'deviceList',
  device: 'device',
  macAddress: 'macaddress',
  guid: 'guid',
  attributes: 'attributes',
  result: 'result',
} as const;

/** Elements within `attributes`, in Cisco's order; booleans are the words `true` and `false`. */
export const ATTRIBUTES = {
  registered: 'register_status',
  compliance: 'compliance',
  diskEncrypted: 'disk_encryption_on',
  pinLocked: 'pin_lock_on',
  jailBroken: 'jail_broken',
  manufacturer: 'manufacturer',
  model: 'model',
  imei: 'imei',
  meid: 'meid',
  udid: 'udid',
  serialNumber: 'serial_number',
  osVersion: 'os_version',
  phoneNumber: 'phone_number',
  /** Version 3: milliseconds since 1970. */
  lastCheckIn: 'lastCheckinTimeStamp',
  /** Version 3: required where the device was asked for by another key. */
  guid: 'guid',
  /** Version 3: joined by commas. */
  macAddresses: 'macaddresses',
} as const;
export type AttributeElement = (typeof ATTRIBUTES)[keyof typeof ATTRIBUTES];
/** Addresses in `macaddresses` at most. */
export const MOST_MAC_ADDRESSES = 5;

/** Elements within `compliance`. */
export const COMPLIANCE_ELEMENTS = {
  status: 'status',
  failureReason: 'failure_reason',
  remediation: 'remediation',
} as const;

/** What `actionType` may say. */
export const ACTION_TYPES = ['full_wipe', 'corporate_wipe', 'pin_lock'] as const;
export type ActionType = (typeof ACTION_TYPES)[number];
/** A segment of the path, `actionType=pin_lock`, or a parameter of that name. */
export const ACTION_PARAMETER = 'actionType';

/** Elements within `result`, of an action and of a message. */
export const RESULT_ELEMENTS = {
  actionStatus: 'action_status',
  messageStatus: 'message_status',
  failureReason: 'failure_reason',
} as const;

/** Elements of the body of an action, a message or a batch. */
export const REQUEST_ELEMENTS = {
  identifier: 'identifier',
  value: 'value',
  message: 'message',
} as const;
