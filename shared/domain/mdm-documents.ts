// What the documents of Cisco's MDM API say, apart from how they say it: adapters/cisco-mdm writes and reads the XML.

import type { DeviceIdentifier, DialectVersion } from './mdm-dialect.ts';

export interface MdmInformation {
  readonly kind: 'information';
  readonly version: DialectVersion;
  /** Where the asker sends everything else; begins with a slash. */
  readonly path: string;
  /** Where people enrol a device. */
  readonly redirectUrl: string;
  /** Devices of one answer at most. */
  readonly queryMaxSize: number;
  readonly vendor: string;
  readonly productName: string;
  readonly productVersion: string;
}

export interface MdmVerdict {
  readonly compliant: boolean;
  readonly failureReason?: string;
  /** What the user can do about it. */
  readonly remediation?: string;
}

/** Named as ATTRIBUTES of mdm-dialect.ts are. What is absent is not known, and is left out of the document. */
export interface MdmAttributes {
  readonly registered?: boolean;
  readonly compliance?: MdmVerdict;
  readonly diskEncrypted?: boolean;
  readonly pinLocked?: boolean;
  readonly jailBroken?: boolean;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly imei?: string;
  readonly meid?: string;
  readonly udid?: string;
  readonly serialNumber?: string;
  readonly osVersion?: string;
  readonly phoneNumber?: string;
  /** Milliseconds since 1970. */
  readonly lastCheckIn?: number;
  readonly guid?: string;
  /** Twelve upper-case hexadecimal digits each. */
  readonly macAddresses?: readonly string[];
}

/** By what a device of an answer is named. */
export interface MdmKey {
  readonly element: DeviceIdentifier;
  readonly value: string;
}

export interface MdmDevice {
  /** Absent where nothing is known that could name it. */
  readonly key?: MdmKey;
  readonly attributes: MdmAttributes;
}

export interface MdmDeviceList {
  readonly kind: 'devices';
  readonly version: DialectVersion;
  readonly devices: readonly MdmDevice[];
  /** What the asker says as `paging` to get the next page; absent on the last one. */
  readonly nextPage?: number;
}

/** An action, or a message, that was not carried out: the connector does none. */
export interface MdmRefusal {
  readonly kind: 'action' | 'message';
  readonly version: DialectVersion;
  readonly of: readonly MdmKey[];
  readonly failureReason: string;
}

export type MdmAnswer = MdmInformation | MdmDeviceList | MdmRefusal;

/** A device that the body of a request names: the element, in lower case, and its text. */
export interface NamedInBody {
  readonly element: string;
  readonly value: string;
}
