-- wrk ... -s replay.lua URL -- FILE RECORD_BYTES FIRST COUNT once|again [PAUSE_MS]
--
-- Sends whole requests from a file of records of one length, from record FIRST on. With `again` it
-- starts over when COUNT were sent. With `once` it then ends the run, because a signed request that
-- is sent twice is a replay; the run's duration is the true one all the same.

dofile((debug.getinfo(1, 'S').source:sub(2):gsub('[^/]*$', '')) .. 'report.lua')

local ffi = require('ffi')
ffi.cdef('int getpid(void); int kill(int pid, int signal);')
local SIGINT = 2
local READ_AHEAD_BYTES = 1048576

local file, record, first, count, again
local sent = 0
local ended = false

function init(args)
  file = assert(io.open(args[1], 'rb'))
  record, first, count = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  again = args[5] == 'again'
  local pause = tonumber(args[6])
  -- wrk looks for it when this is over: each connection waits so long before each request.
  if pause then delay = function() return pause end end
  file:setvbuf('full', READ_AHEAD_BYTES)
  file:seek('set', record * first)
end

function request()
  if sent == count then
    if not again then return finish() end
    file:seek('set', record * first)
    sent = 0
  end
  sent = sent + 1
  return file:read(record)
end

-- wrk's main thread sleeps until the run is over; SIGINT wakes it, and it reports as usual. The
-- connections that still ask in this turn of the loop are given nothing to send.
function finish()
  if not ended then
    ended = true
    wrk.thread:stop()
    ffi.C.kill(ffi.C.getpid(), SIGINT)
  end
  return ''
end
