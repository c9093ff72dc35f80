import type { JsonObject } from '../domain/json.js'

/** A node of an example as the API takes it; edges name nodes by key. */
export interface ExampleNode {
  key: string
  type: string
  config: JsonObject
  position: { x: number; y: number }
}

export interface ExampleWorkflow {
  name: string
  description: string
  nodes: ExampleNode[]
  edges: { sourceNodeId: string; sourcePort?: string; targetNodeId: string }[]
}

const node = (key: string, type: string, config: JsonObject, x: number, y: number): ExampleNode => ({
  key,
  type,
  config,
  position: { x: x * 240, y: y * 120 },
})

/** A route's answer: who takes it and what is said, beside the facts it was decided on. */
const answer = (key: string, team: string, message: string, y: number): ExampleNode =>
  node(key, 'transform', { output: { team, message, facts: '{{ nodes.facts.output }}' } }, 4, y)

/**
 * Takes a GitHub webhook delivery (`{ event, payload }`), finds out who did what to which repository and with which labels,
 * and routes it to one of several answers.
 */
export const githubTriage: ExampleWorkflow = {
  name: 'GitHub webhook triage',
  description: 'Reads a webhook delivery and decides who answers it, and how.',
  nodes: [
    node(
      'delivery',
      'trigger.manual',
      {
        inputSchema: {
          type: 'object',
          required: ['event', 'payload'],
          properties: { event: { type: 'string', minLength: 1 }, payload: { type: 'object' } },
        },
      },
      0,
      3,
    ),
    node(
      'facts',
      'transform',
      {
        output: {
          event: '{{ input.event }}',
          action: '{{ input.payload.?action.orValue("none") }}',
          who: '{{ input.payload.?sender.?login.orValue("nobody") }}',
          bot: '{{ input.payload.?sender.?type.orValue("User") == "Bot" }}',
          repository: '{{ input.payload.?repository.?full_name.orValue("none") }}',
          labels:
            '{{ input.payload.?issue.?labels.orValue(input.payload.?pull_request.?labels.orValue([])).map(label, label.name) }}',
        },
      },
      1,
      3,
    ),
    node(
      'kind',
      'switch',
      {
        cases: [
          {
            id: 'security',
            when: 'input.event.endsWith("_alert") || input.event == "security_advisory"',
          },
          { id: 'review', when: 'input.event.startsWith("pull_request")' },
          { id: 'issue', when: 'input.event in ["issues", "issue_comment", "discussion", "discussion_comment"]' },
          {
            id: 'build',
            when: 'input.event.startsWith("check_") || input.event.startsWith("workflow_") || input.event == "status"',
          },
        ],
      },
      2,
      3,
    ),
    node('isBug', 'condition', { expression: '"bug" in input.labels && input.action != "closed"' }, 3, 2),
    answer('warnSecurity', 'security', 'Look at it today: {{ input.event }} in {{ input.repository }}.', 0),
    answer(
      'askReview',
      'reviewers',
      '{{ input.who }} has {{ input.action }} a pull request in {{ input.repository }}.',
      1,
    ),
    answer('fixBug', 'maintainers', 'A bug in {{ input.repository }}, {{ input.action }} by {{ input.who }}.', 2),
    answer('thank', 'community', 'Thank you, {{ input.who }}.', 3),
    answer('watchBuild', 'builders', '{{ input.event }} {{ input.action }} in {{ input.repository }}.', 4),
    answer('file', 'nobody', 'Filed: {{ input.event }} by {{ input.who }}.', 5),
    node('answer', 'merge', {}, 5, 3),
  ],
  edges: [
    { sourceNodeId: 'delivery', targetNodeId: 'facts' },
    { sourceNodeId: 'facts', targetNodeId: 'kind' },
    { sourceNodeId: 'kind', sourcePort: 'security', targetNodeId: 'warnSecurity' },
    { sourceNodeId: 'kind', sourcePort: 'review', targetNodeId: 'askReview' },
    { sourceNodeId: 'kind', sourcePort: 'issue', targetNodeId: 'isBug' },
    { sourceNodeId: 'isBug', sourcePort: 'true', targetNodeId: 'fixBug' },
    { sourceNodeId: 'isBug', sourcePort: 'false', targetNodeId: 'thank' },
    { sourceNodeId: 'kind', sourcePort: 'build', targetNodeId: 'watchBuild' },
    { sourceNodeId: 'kind', sourcePort: 'default', targetNodeId: 'file' },
    ...['warnSecurity', 'askReview', 'fixBug', 'thank', 'watchBuild', 'file'].map((key) => ({
      sourceNodeId: key,
      targetNodeId: 'answer',
    })),
  ],
}
