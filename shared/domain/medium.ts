// By wire, by radio or by VPN: what the type of a port says.

export const MEDIA = ['wired', 'wireless', 'vpn'] as const;
export type Medium = (typeof MEDIA)[number];

/** A port as the NAS describes it. */
interface Port {
  readonly nasPortType?: string;
  /** Fields that the RADIUS server could not pass on whole. */
  readonly cut?: readonly string[];
}

/** RFC 2865 5.41, by name or by number: Virtual is what VPN gateways say. */
const MEDIUM_OF_PORT_TYPE: ReadonlyMap<string, Medium> = new Map([
  ['ethernet', 'wired'],
  ['15', 'wired'],
  ['19', 'wireless'],
  ['18', 'wireless'],
  ['virtual', 'vpn'],
  ['5', 'vpn'],
]);

/**
 * Names by which servers begin their own: `Wireless-802.11`, `Wireless - IEEE 802.11`, `IEEE 802.11`, `Ethernet (15)`.
 */
const MEDIUM_OF_BEGINNING: readonly (readonly [RegExp, Medium])[] = [
  [/^(?:wireless|wlan|wi-?fi|(?:ieee[ -]?)?802\.11)/, 'wireless'],
  [/^(?:ethernet|(?:ieee[ -]?)?802\.3)/, 'wired'],
  [/^virtual/, 'vpn'],
];

/** The other types of IANA's list of Attribute 61: none of the three media. */
const OTHER_PORT_TYPE =
  /^(?:\d{1,3}|a?sync|isdn(?: sync|-sync| async.*|-v1[12]0)?|piafs|hdlc.*|x\.[27]5|g\.?3.*|[asix]?dsl.*|cable|token.?ring|fddi|iapp|fttp|pppo.*|xpon)$/;

export function mediumOf({ nasPortType = '', cut = [] }: Port): Medium | undefined {
  if (cut.includes('nasPortType')) return undefined;
  const name = nasPortType.trim().toLowerCase();
  return MEDIUM_OF_PORT_TYPE.get(name) ?? MEDIUM_OF_BEGINNING.find(([beginning]) => beginning.test(name))?.[1];
}

/** Whether the port has a type that was cut or is not understood: then nothing says which medium it is. */
export function isMediumUnread(facts: Port): boolean {
  if (facts.cut?.includes('nasPortType')) return true;
  const name = facts.nasPortType?.trim().toLowerCase() ?? '';
  return name !== '' && mediumOf(facts) === undefined && !OTHER_PORT_TYPE.test(name);
}
