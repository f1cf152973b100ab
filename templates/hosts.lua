-- A host's name backwards, so that the names below a domain begin alike: wildcards.map has them so.
core.register_converters("reversed", function(host)
  return string.reverse(host)
end)
