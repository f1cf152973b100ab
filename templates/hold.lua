-- Hold a request while its backend has no usable server, up to txn.hold seconds, then let it through:
-- to the server that is there by then, or to the 503 page.
local held = {}

core.register_action("hold", { "http-req" }, function(txn)
  local backend = txn:get_var("txn.backend")
  local deadline = core.now().sec + txn:get_var("txn.hold")
  held[backend] = (held[backend] or 0) + 1
  while txn.f:nbsrv(backend) == 0 and core.now().sec < deadline do
    core.msleep(20)
  end
end)

-- `show held BACKEND` on the runtime socket: how many requests were held since the proxy started.
core.register_cli({ "show", "held" }, "show held BACKEND : requests held", function(applet, _, _, backend)
  applet:send(string.format("%d\n", held[backend] or 0))
end)
