import type { SecretEvent } from '../events/catalogue/index.js'
import type { RecordedEvent } from '../events/recordedEvent.js'
import type { SecretsState, StoredSecret } from './state.js'

const initialState: SecretsState = { secrets: new Map(), versions: new Map(), masterKeyId: null }

const set = (state: SecretsState, event: RecordedEvent<Extract<SecretEvent, { type: 'SecretSet' }>>): SecretsState => {
  const { secretId, key, version, dataKeyId, iv, tag, ciphertext } = event.data
  const updatedAt = event.metadata.occurredAt
  const createdAt = state.secrets.get(key)?.createdAt ?? updatedAt
  const secret: StoredSecret = { secretId, key, version, createdAt, updatedAt, dataKeyId, iv, tag, ciphertext }
  return {
    ...state,
    secrets: new Map(state.secrets).set(key, secret),
    versions: new Map(state.versions).set(key, version),
  }
}

const evolve = (state: SecretsState, event: RecordedEvent<SecretEvent>): SecretsState => {
  switch (event.type) {
    case 'SecretSet':
      return set(state, event)
    case 'SecretDeleted':
      return { ...state, secrets: new Map([...state.secrets].filter(([key]) => key !== event.data.key)) }
    case 'SecretKeyRotated':
      return { ...state, masterKeyId: event.data.masterKeyId }
  }
}

/** Stream `secrets-<workflow uuid>`: the secrets of one workflow. */
export const secretsAggregate = { category: 'secrets', initialState, evolve } as const
