/** The parts of a GitHub webhook payload that the triage looks at. */
export interface WebhookPayload {
  action?: string
  sender?: { login: string; type?: string }
  repository?: { full_name: string }
  issue?: { labels?: { name: string }[] }
  pull_request?: { labels?: { name: string }[] }
}

/** What the triage workflow has to come to, as a plain function: the demo and the tests compare every run with it. */
export const expectedTriage = (event: string, payload: WebhookPayload) => {
  const facts = {
    event,
    action: payload.action ?? 'none',
    who: payload.sender?.login ?? 'nobody',
    bot: (payload.sender?.type ?? 'User') === 'Bot',
    repository: payload.repository?.full_name ?? 'none',
    labels: (payload.issue?.labels ?? payload.pull_request?.labels ?? []).map(({ name }) => name),
  }
  return { ...route(facts), facts }
}

const route = (facts: { event: string; action: string; who: string; repository: string; labels: string[] }) => {
  const { event, action, who, repository, labels } = facts
  if (event.endsWith('_alert') || event === 'security_advisory') {
    return { team: 'security', message: `Look at it today: ${event} in ${repository}.` }
  }
  if (event.startsWith('pull_request')) {
    return { team: 'reviewers', message: `${who} has ${action} a pull request in ${repository}.` }
  }
  if (['issues', 'issue_comment', 'discussion', 'discussion_comment'].includes(event)) {
    return labels.includes('bug') && action !== 'closed'
      ? { team: 'maintainers', message: `A bug in ${repository}, ${action} by ${who}.` }
      : { team: 'community', message: `Thank you, ${who}.` }
  }
  if (event.startsWith('check_') || event.startsWith('workflow_') || event === 'status') {
    return { team: 'builders', message: `${event} ${action} in ${repository}.` }
  }
  return { team: 'nobody', message: `Filed: ${event} by ${who}.` }
}
