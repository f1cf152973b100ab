<?php echo "php, as user " . posix_getuid() . "\n";
