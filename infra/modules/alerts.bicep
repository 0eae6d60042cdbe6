// What operators hear without asking. docs/operations.md says what to do about each.
// The functions log one JSON object per line; the host hands lines on to the table AppTraces, as text in Message.

import { alerting, resourceTags } from 'parameter-types.bicep'

param prefix string
param location string
param tags resourceTags
param alertWhen alerting
param pollingIntervalMinutes int
param workspaceId string
@description('False with INTUNE_PERMISSIONS of compliance-only: then there is no sweep, and a list every four hours or so.')
param sweepsFleet bool
@description('Empty where no site is enforced.')
param serviceBusId string
param enforces bool

var overdueMinutes = sweepsFleet ? 2 * pollingIntervalMinutes : max(2 * pollingIntervalMinutes, 600)

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'nac'
    enabled: true
    emailReceivers: [
      for (address, i) in alertWhen.emailAddresses: {
        name: 'operator-${i}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

var lines = 'AppTraces | where Message has "event" | extend line = parse_json(Message)'

// What Kestrel calls a bad request, above all a body over the host's limit: an answer of 500 before any function runs.
// Its texts: https://github.com/dotnet/aspnetcore/blob/main/src/Servers/Kestrel/Core/src/CoreStrings.resx
var hostRefusals = 'AppExceptions | where ExceptionType has "BadHttpRequestException" or OuterMessage has "Request body too large" or InnermostMessage has "Request body too large"'

// No stranger shall ring this, nor drown it. Only clients are answered with 2xx, so the share is of what they asked. A
// 503 counts by the lines that name a client which has shown a right key; "client.not-checked" has none and counts when
// it lasts. Timers and queue messages are requests as well, with a result of 0. Rows of requests are sampled: ItemCount
// says how many each is.
var clientFailures = '${lines} | where toint(line.status) == 503 or tostring(line.event) == "app.not-started" | project TimeGenerated, event = tostring(line.event), code = toint(503), requests = iff(isempty(tostring(line.client)), 0, coalesce(tolong(line.requests), 1))'
var errorCounts = 'failed = sumif(requests, code >= 500), answered = sumif(requests, code < 300), notStarted = countif(event == "app.not-started"), uncheckedMinutes = dcountif(bin(TimeGenerated, 1m), event == "client.not-checked")'

var logAlerts = [
  {
    name: 'no-poll'
    displayName: 'Intune was not polled'
    explanation: 'No poll has ended well within twice the polling interval: answers grow old. See docs/operations.md.'
    severity: 1
    window: 'P2D'
    frequency: 'PT15M'
    query: '${lines} | where (tostring(line.event) == "poll.run" and tostring(line.result) in ("complete", "partial")) or tostring(line.event) == "noncompliant.listed" | summarize lastRun = max(TimeGenerated) | where isnull(lastRun) or lastRun < ago(${overdueMinutes}m)'
  }
  {
    name: 'breaker-tripped'
    displayName: 'A mass change is held'
    explanation: 'A poll would have turned so many devices at once that they are held until an operator releases them. See docs/operations.md.'
    severity: 1
    window: 'PT1H'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) == "poll.breaker-tripped"'
  }
  {
    name: 'fleet-index-fills'
    displayName: 'The fleet index is nearly full'
    explanation: 'Soon no poll could be stored any more: let another deployment poll part of the tenant. See docs/operations.md.'
    severity: 2
    window: 'P1D'
    frequency: 'PT6H'
    query: '${lines} | where tostring(line.event) == "poll.fleet-index-nearly-full" or tostring(line.code) == "NAC_POLL_INDEX_FULL" | summarize lastSeen = max(TimeGenerated), percent = max(toint(line.percent)) | where isnotnull(lastSeen)'
  }
  {
    name: 'credential-expires'
    displayName: 'The client credential expires soon'
    explanation: 'Add a new certificate or secret to the app registration before the old one ends. See docs/security.md.'
    severity: 2
    window: 'P1D'
    frequency: 'PT6H'
    query: '${lines} | where tostring(line.event) == "credential.days-left" | summarize arg_max(TimeGenerated, line) | where toint(line.days) < ${alertWhen.credentialDays}'
  }
  {
    name: 'errors'
    displayName: 'Requests end with server errors'
    explanation: 'RADIUS servers get no answer and fall back to what they do without one. See docs/operations.md.'
    severity: 1
    window: 'PT5M'
    frequency: 'PT5M'
    query: 'AppRequests | where toint(ResultCode) >= 100 and toint(ResultCode) != 503 and Name != "health" | join kind=leftanti (${hostRefusals}) on OperationId | project TimeGenerated, event = "", code = toint(ResultCode), requests = tolong(ItemCount) | union (${clientFailures}) | summarize ${errorCounts} | where notStarted > 0 or uncheckedMinutes > 3 or (failed > 5 and failed * 100 > (failed + answered) * ${alertWhen.errorPercent})'
  }
  {
    name: 'slow-lookups'
    displayName: 'Lookups are slow'
    explanation: 'RADIUS servers wait for answers. Look at table latency and at always-ready instances; see docs/operations.md.'
    severity: 2
    window: 'PT15M'
    frequency: 'PT5M'
    // Answers alone: who is refused waits on purpose.
    query: 'AppRequests | where Name == "lookup" and ResultCode == "200" | summarize p95 = percentilew(DurationMs, ItemCount, 95), total = sum(ItemCount), rows = dcount(OperationId) | where total >= 20 and rows >= 5 and p95 > ${alertWhen.lookupMilliseconds}'
  }
  {
    name: 'job-dead-lettered'
    displayName: 'A CoA job was given up by its queue'
    explanation: 'The relay of a site does not take its jobs. See docs/operations.md.'
    severity: 2
    window: 'PT15M'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) == "enforcement.dead-letter"'
  }
  {
    name: 'sessions-not-written'
    displayName: 'Answers were given without keeping their sessions'
    explanation: 'Those stations got a short answer and ask again; until then a change cannot be enforced on them. See docs/operations.md.'
    severity: 2
    window: 'PT15M'
    frequency: 'PT5M'
    query: '${lines} | where tostring(line.event) == "lookup.session-not-written" | summarize notWritten = count() | where notWritten >= 20'
  }
  {
    // A twentieth of a day's answers may rest on older records than FRESHNESS_OBJECTIVE. Fires when a day has used that
    // up and goes on, or when an hour uses it ten times as fast. No line says the age of each answer: this one asks a
    // metric.
    name: 'freshness-budget'
    displayName: 'Answers rest on old records'
    explanation: 'More than 5 % of the answers are older than FRESHNESS_OBJECTIVE. See docs/operations.md.'
    severity: 2
    window: 'P1D'
    frequency: 'PT15M'
    query: 'AppMetrics | where Name == "nac.answer.ages" | extend isMissed = tostring(Properties["nac.objective"]) == "missed", isLate = TimeGenerated > ago(1h) | summarize answers = sum(Sum), missed = sumif(Sum, isMissed), lately = sumif(Sum, isLate), missedLately = sumif(Sum, isMissed and isLate) | where (answers >= 100 and missed * 20 > answers and missedLately * 20 > lately) or (lately >= 100 and missedLately * 2 > lately)'
  }
  {
    name: 'comparison-overdue'
    displayName: 'Sessions were not compared with policy in time'
    explanation: 'A station may keep an answer that policy no longer gives. See docs/operations.md.'
    severity: 1
    window: 'PT1H'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) == "enforcement.comparison-overdue"'
  }
  {
    name: 'clock-differs'
    displayName: 'A clock on premises is wrong'
    explanation: 'Times of that relay or RADIUS server do not agree with ours; logs are hard to read side by side. See docs/operations.md.'
    severity: 3
    window: 'P1D'
    frequency: 'PT6H'
    query: '${lines} | where tostring(line.event) == "clock.differs" | summarize lastSeen = max(TimeGenerated) by site = tostring(line.site), relay = tostring(line.relay), client = tostring(line.client), nas = tostring(line.nas)'
  }
  {
    name: 'refused-requests'
    displayName: 'Many requests are refused'
    explanation: 'Keys that are wrong or missing, or bodies that are too large: a RADIUS server with an old key, or a stranger who tries. See docs/operations.md.'
    severity: 2
    window: 'PT15M'
    frequency: 'PT15M'
    // A line may stand for several requests: it then says how many. The key is looked at after the length of the body.
    query: '${lines} | where tostring(line.event) in ("client.refused", "client.not-checked", "person.refused", "request.too-large") | project requests = coalesce(tolong(line.requests), 1) | union (${hostRefusals} | project requests = tolong(ItemCount)) | summarize refused = sum(requests) | where refused >= 100'
  }
  {
    name: 'unknown-stations'
    displayName: 'Many unknown stations at a site'
    explanation: 'A RADIUS server asks about more new stations than it may keep sessions for: they are made up at an open port, or under a key that was stolen. See docs/operations.md.'
    severity: 2
    window: 'PT15M'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) in ("lookup.unknown-stations-limited", "lookup.new-sessions-limited") | summarize stations = sum(tolong(line.stations)) by client = tostring(line.client)'
  }
  {
    name: 'policy-in-force'
    isEvent: true
    displayName: 'Another policy, or other sources are in force'
    explanation: 'An operator put another version of the policy or of the sources in force, or took one back. See docs/operations.md.'
    severity: 3
    window: 'PT15M'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) in ("policy.in-force", "sources.in-force") or (tostring(line.event) == "audit.command-line" and tostring(line.action) in ("activate-policy", "roll-back-policy", "activate-sources", "roll-back-sources")) | project TimeGenerated, version = tostring(coalesce(line.version, line.target)), before = tostring(line.before), who = tostring(line["by"])'
  }
  {
    name: 'client-made'
    isEvent: true
    displayName: 'A client was made, or got another key'
    explanation: 'A person with an Azure role made a client, or a key for one. See docs/operations.md.'
    severity: 2
    window: 'PT15M'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) == "audit.command-line" and tostring(line.action) in ("create-client", "rotate-key") | project TimeGenerated, action = tostring(line.action), client = tostring(line.target), made = tostring(line.at), who = tostring(line["by"])'
  }
  {
    name: 'changes-released'
    isEvent: true
    displayName: 'A mass change was let through or refused'
    explanation: 'An operator decided what becomes of held devices. See docs/operations.md.'
    severity: 3
    window: 'PT15M'
    frequency: 'PT15M'
    query: '${lines} | where tostring(line.event) in ("poll.released", "poll.refused") | project TimeGenerated, event = tostring(line.event), run = tostring(line.run), who = tostring(line["by"])'
  }
]

module rules 'log-alert.bicep' = [
  for alert in logAlerts: {
    params: {
      name: '${prefix}-${alert.name}'
      location: location
      tags: tags
      displayName: alert.displayName
      explanation: alert.explanation
      severity: alert.severity
      query: alert.query
      isEvent: alert.?isEvent ?? false
      window: alert.window
      frequency: alert.frequency
      workspaceId: workspaceId
      actionGroupId: people.id
    }
  }
]

// The app takes dead letters out of the site queues; what stays is for people, above all reports that the app cannot
// read.
resource deadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = if (enforces) {
  name: '${prefix}-dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages lie in a dead-letter queue for more than a quarter of an hour. See docs/operations.md.'
    severity: 2
    enabled: true
    scopes: [
      serviceBusId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadletteredMessages'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          timeAggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}
