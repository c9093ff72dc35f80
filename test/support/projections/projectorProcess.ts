// A projector in a process of its own: `node --import tsx projectorProcess.ts <config as JSON>`. Runs until it is killed or asked to stop.
import { type ProjectorConfig, runProjector } from '../../../src/projections/runProjector.js'

const config = JSON.parse(process.argv[2] ?? '') as ProjectorConfig
const projector = await runProjector(config, (line) => process.stderr.write(`${line}\n`))
process.once('SIGTERM', () => {
  projector.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
