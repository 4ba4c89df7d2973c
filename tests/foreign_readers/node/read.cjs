// Takes texts as a JSON array and answers with what npm's dotenv makes of each: an object of values, or null.
const { parse } = require('dotenv')

const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const answers = texts.map((text) => {
  try {
    return parse(text)
  } catch {
    return null
  }
})
process.stdout.write(JSON.stringify(answers))
