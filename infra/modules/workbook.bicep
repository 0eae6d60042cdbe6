// What operators look at: one page of tables and curves over the log lines. Its queries are checked as those of the
// alerts are.

import { resourceTags } from 'parameter-types.bicep'

param displayName string
param location string
param tags resourceTags
param workspaceId string

var lines = 'AppTraces | where Message has "event" | extend line = parse_json(Message), event = tostring(parse_json(Message).event)'
var resourceType = 'microsoft.operationalinsights/workspaces'

// The values of the label nac.age, the youngest first.
var ageSteps = ['1m', '5m', '15m', '30m', '1h', '2h', '4h', '8h', '1d', 'more']

// Each line of a chart stands for the five minutes, hour or day that Azure takes for the chosen time.
var charts = [
  {
    name: 'freshness'
    title: 'Freshness: runs of the poll, and how many devices each listed'
    visualization: 'table'
    query: '${lines} | where event in ("poll.run", "noncompliant.listed") | project TimeGenerated, event, result = tostring(line.result), devices = tolong(line.devices), saved = tolong(line.saved), gone = tolong(line.gone), listed = tolong(line.listed) | order by TimeGenerated desc | take 50'
  }
  {
    name: 'minutes-since-poll'
    title: 'Freshness: minutes since the last run that ended well'
    visualization: 'table'
    query: '${lines} | where (event == "poll.run" and tostring(line.result) in ("complete", "partial")) or event == "noncompliant.listed" | summarize lastRun = max(TimeGenerated) | project minutes = datetime_diff("minute", now(), lastRun), lastRun'
  }
  {
    name: 'freshness-objective'
    title: 'Freshness: share of answers within FRESHNESS_OBJECTIVE (wanted: 95 %), and the age that 95 % are within'
    visualization: 'table'
    query: 'let ages = AppMetrics | where Name == "nac.answer.ages" | summarize answers = sum(Sum), met = sumif(Sum, tostring(Properties["nac.objective"]) == "met") by source = tostring(Properties["nac.source"]), age = tostring(Properties["nac.age"]) | extend step = array_index_of(dynamic(${string(ageSteps)}), age); let totals = ages | summarize total = sum(answers), met = sum(met) by source; ages | order by source asc, step asc | extend below = row_cumsum(answers, source != prev(source)) | lookup kind=leftouter totals on source | where below >= 0.95 * total | summarize arg_min(step, age, total, met1) by source | project source, p95AtMost = age, withinObjectivePercent = round(100.0 * met1 / total, 1), answers = total'
  }
  {
    name: 'answers-by-age'
    title: 'Freshness: answers by the age of their record'
    visualization: 'timechart'
    query: 'AppMetrics | where Name == "nac.answer.ages" | summarize answers = sum(Sum) by bin(TimeGenerated, {time:grain}), age = tostring(Properties["nac.age"])'
  }
  {
    name: 'change-to-proof'
    title: 'Enforcement: seconds from a change to its proof, by site'
    visualization: 'table'
    query: 'AppMetrics | where Name == "nac.job.proof.duration" | summarize proofs = sum(ItemCount), mean = round(sum(Sum) / sum(ItemCount), 1), longest = round(max(Max), 1) by site = tostring(Properties["nac.site"]) | order by longest desc'
  }
  {
    name: 'decisions-by-rule'
    title: 'Decisions by rule; an answer that is given again unchanged is not counted'
    visualization: 'timechart'
    query: '${lines} | where event == "lookup.answered" | summarize answers = count() by bin(TimeGenerated, {time:grain}), rule = tostring(line.rule)'
  }
  {
    name: 'decisions-by-site'
    title: 'Decisions by site and rule; an answer that is given again unchanged is not counted'
    visualization: 'table'
    query: '${lines} | where event == "lookup.answered" | summarize answers = count(), withProblems = countif(isnotempty(tostring(line.problems)) and tostring(line.problems) != "[]") by site = tostring(line.site), rule = tostring(line.rule) | order by answers desc'
  }
  {
    name: 'jobs-by-stage'
    title: 'CoA jobs by site and last stage'
    visualization: 'table'
    query: '${lines} | where event == "enforcement.job" | summarize arg_max(TimeGenerated, line) by job = tostring(line.job) | summarize jobs = count(), lastSeen = max(TimeGenerated) by site = tostring(line.site), stage = tostring(line.stage) | order by jobs desc'
  }
  {
    name: 'jobs-by-cause'
    title: 'CoA jobs that a switch refused or did not answer, by cause'
    visualization: 'table'
    query: '${lines} | where event == "enforcement.job" and (isnotempty(tostring(line.errorCause)) or isnotempty(tostring(line.reason))) | summarize reports = count(), lastSeen = max(TimeGenerated) by site = tostring(line.site), cause = coalesce(tostring(line.errorCause.name), tostring(line.reason)), outcome = tostring(line.outcome), hint = tostring(line.hint) | order by reports desc'
  }
  {
    name: 'held-runs'
    title: 'Mass changes: held, and let through'
    visualization: 'table'
    query: '${lines} | where event in ("poll.breaker-tripped", "poll.released", "poll.refused", "poll.release-applied") | project TimeGenerated, event, run = tostring(line.run), flips = tolong(line.flips), absences = tolong(line.absences), known = tolong(line.known), who = tostring(line["by"]) | order by TimeGenerated desc'
  }
  {
    name: 'refused-requests'
    title: 'Refused requests by client'
    visualization: 'timechart'
    query: '${lines} | where event in ("client.refused", "client.not-checked", "person.refused", "request.too-large") | summarize refused = sum(coalesce(tolong(line.requests), 1)) by bin(TimeGenerated, {time:grain}), client = coalesce(tostring(line.client), "unknown")'
  }
  {
    name: 'answers-by-status'
    title: 'Requests by function and status'
    visualization: 'table'
    query: 'AppRequests | where toint(ResultCode) >= 100 | summarize requests = sum(ItemCount), p95 = percentilew(DurationMs, ItemCount, 95) by Name, ResultCode | order by requests desc'
  }
  {
    name: 'credential-days'
    title: 'Days left of the client credential'
    visualization: 'table'
    query: '${lines} | where event == "credential.days-left" | summarize arg_max(TimeGenerated, line) by setting = tostring(line.setting) | project setting, days = toint(line.days), credential = tostring(line["kind"]), expiresAt = tostring(line.expiresAt)'
  }
]

var timeParameter = {
  type: 9
  name: 'time'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    queryType: 0
    resourceType: resourceType
    parameters: [
      {
        id: guid('time')
        version: 'KqlParameterItem/1.0'
        name: 'time'
        label: 'Time'
        type: 4
        isRequired: true
        value: {
          durationMs: 86400000
        }
        typeSettings: {
          selectableValues: map([1, 4, 24, 48, 168, 720], hours => { durationMs: hours * 3600000 })
          allowCustom: true
        }
      }
    ]
  }
}

var queries = map(charts, chart => {
  type: 3
  name: chart.name
  content: {
    version: 'KqlItem/1.0'
    title: chart.title
    query: chart.query
    size: 0
    showAnalytics: true
    timeContextFromParameter: 'time'
    queryType: 0
    resourceType: resourceType
    visualization: chart.visualization
  }
})

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // Azure wants a GUID here; the same each time, so that a deployment replaces what is there.
  name: guid(resourceGroup().id, 'nac-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([timeParameter], queries)
      fallbackResourceIds: [
        workspaceId
      ]
      '$schema': 'https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json'
    })
  }
}
