// An Express app, served through Piko in one line.
import { createServer } from 'node:http'
import express from 'express'
import { listen } from 'piko'

const app = express()
app.get('/hello/:name', (request, response) => {
  response.send(`hello ${request.params.name}\n`)
})

const listener = await listen('my-endpoint', { url: process.env.PIKO_URL, logger: console })
listener.serve(createServer(app))
