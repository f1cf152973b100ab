-- Hold a request while its backend has no usable server, up to txn.hold seconds, then let it through:
-- to the server that is there by then, or to the 503 page.
core.register_action("hold", { "http-req" }, function(txn)
  local backend = txn:get_var("txn.backend")
  local deadline = core.now().sec + txn:get_var("txn.hold")
  while txn.f:nbsrv(backend) == 0 and core.now().sec < deadline do
    core.msleep(20)
  end
end)
