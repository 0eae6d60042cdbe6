// Which texts are numbers, ids and addresses: for the checks that come before a deployment.

@export()
@description('Whether a text is made of these characters alone.')
func isMadeOf(text string, characters string) bool =>
  empty(filter(range(0, length(text)), i => !contains(characters, substring(text, i, 1))))

@export()
@description('How many of the texts are that one, whatever the capitals.')
func timesIn(texts string[], text string) int => length(filter(texts, each => toLower(each) == toLower(text)))

@description('Whether a text is a number of up to three digits, and not above the most.')
func isNumberUpTo(text string, most int) bool =>
  empty(text) || length(text) > 3 || !isMadeOf(text, '0123456789') ? false : int(text) <= most

@description('Whether a text is as long as that, and hexadecimal.')
func isHexOf(text string, digits int) bool => length(text) == digits && isMadeOf(toLower(text), '0123456789abcdef')

@export()
@description('Whether a text is the id of an object in Entra, as 8-4-4-4-12 hexadecimal digits.')
func isObjectId(text string) bool =>
  length(split(text, '-')) != 5
    ? false
    : isHexOf(split(text, '-')[0], 8) && isHexOf(split(text, '-')[1], 4) && isHexOf(split(text, '-')[2], 4) && isHexOf(
        split(text, '-')[3],
        4
      ) && isHexOf(split(text, '-')[4], 12)

@description('Whether a text is an IPv4 address.')
func isIPv4Address(text string) bool =>
  length(split(text, '.')) == 4 && empty(filter(split(text, '.'), part => !isNumberUpTo(part, 255)))

@description('Whether a text is one group of an IPv6 address: up to four hexadecimal digits.')
func isGroup(text string) bool => !empty(text) && length(text) <= 4 && isMadeOf(toLower(text), '0123456789abcdef')

@description('How many of the eight groups of an IPv6 address a text between two `::` is; a hundred where it is none. An IPv4 address at its end is two.')
func groupsIn(text string) int =>
  empty(text)
    ? 0
    : !empty(filter(
          split(text, ':'),
          (part, i) => !isGroup(part) && !(isIPv4Address(part) && i == length(split(text, ':')) - 1)
        ))
        ? 100
        : length(split(text, ':')) + (contains(text, '.') ? 1 : 0)

@description('Whether a text is an IPv6 address (RFC 4291, section 2.2): eight groups, or fewer with one `::` for the rest.')
func isIPv6Address(text string) bool =>
  length(split(text, '::')) == 1
    ? groupsIn(text) == 8
    : length(split(text, '::')) == 2 && !contains(first(split(text, '::')), '.') && groupsIn(first(split(text, '::'))) + groupsIn(last(split(
        text,
        '::'
      ))) < 8

@description('The digits behind the slash; those of the whole address where there is none.')
func prefixOf(text string, whole string) string => contains(text, '/') ? last(split(text, '/')) : whole

@export()
@description('Whether a text is an IPv4 address, or a block of them.')
func isIPv4(text string) bool =>
  length(split(text, '/')) <= 2 && isIPv4Address(first(split(text, '/'))) && isNumberUpTo(prefixOf(text, '32'), 32)

@export()
@description('Whether a text is an IPv6 address, or a block of them.')
func isIPv6(text string) bool =>
  length(split(text, '/')) <= 2 && isIPv6Address(first(split(text, '/'))) && isNumberUpTo(prefixOf(text, '128'), 128)

@export()
@description('Whether an IPv4 address is for use inside of networks alone (RFC 1918).')
func isPrivateIPv4(text string) bool =>
  startsWith(text, '10.') || startsWith(text, '192.168.') || (startsWith(text, '172.')
    ? contains(range(16, 16), int(split(text, '.')[1]))
    : false)

@export()
@description('Whether an IPv4 block holds that many addresses at least, begins at its first one, and is one that Azure takes for a network.')
func isNetworkOf(text string, longestPrefix int) bool =>
  !isIPv4(text) || !contains(text, '/')
    ? false
    : int(prefixOf(text, '')) >= 8 && int(prefixOf(text, '')) <= longestPrefix && parseCidr(text).network == first(split(
        text,
        '/'
      ))
