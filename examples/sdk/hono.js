// A Hono app, or any other handler from Request to Response.
import { Hono } from 'hono'
import { serve } from 'piko'

const app = new Hono()
app.get('/hello/:name', (context) => context.text(`hello ${context.req.param('name')}\n`))

await serve('my-endpoint', app.fetch, { url: process.env.PIKO_URL, logger: console })
