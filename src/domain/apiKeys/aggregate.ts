import type { ApiKeyEvent } from '../events/catalogue/index.js'
import type { RecordedEvent } from '../events/recordedEvent.js'
import type { ApiKeyState } from './state.js'

const evolve = (state: ApiKeyState, event: RecordedEvent<ApiKeyEvent>): ApiKeyState => {
  const { occurredAt } = event.metadata
  switch (event.type) {
    case 'ApiKeyIssued':
      return { ...event.data, createdAt: occurredAt, revokedAt: null }
    case 'ApiKeyRevoked':
      return state && { ...state, revokedAt: state.revokedAt ?? occurredAt }
  }
}

/** Stream `apikey-<uuid>`. */
export const apiKeyAggregate = { category: 'apikey', initialState: undefined as ApiKeyState, evolve } as const
